"""Bodies: what a statement is about in full, kept beside the log under its digest.

    body = Body(seed, content)
    body.digest()                 # stands in the statement
    read_body(body.encoded())     # the same again

The seed makes the salts of the statement's commitments, so it is as secret as the content.

Source:
    docs/reference/statements.md, "Bodies".
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from chipwarden.ledger.cbor import decode, encode
from chipwarden.ledger.commitments import SEED_SIZE
from chipwarden.ledger.errors import InvalidStatement

SCHEMA: Final = "chipwarden.body/1"


@dataclass(frozen=True, slots=True)
class Body:
    """A body.

    Attributes:
        seed: 32 random bytes, made for this body alone.
        content: what the statement is about, such as a decision record in canonical JSON.
    """

    seed: bytes
    content: bytes

    def encoded(self) -> bytes:
        """Return the body as deterministic CBOR.

        Raises:
            ValueError: the seed has not 32 bytes.
        """
        if len(self.seed) != SEED_SIZE:
            raise ValueError(f"a seed has {SEED_SIZE} bytes, this one {len(self.seed)}")
        return encode({"schema": SCHEMA, "seed": self.seed, "content": self.content})

    def digest(self) -> bytes:
        """Return the SHA-256 of the encoded body; without the seed nobody can guess its content.

        Raises:
            ValueError: the seed has not 32 bytes.
        """
        return sha256(self.encoded()).digest()


def read_body(encoded: bytes) -> Body:
    """Return the body that is encoded so.

    Raises:
        InvalidStatement: it is none, or written otherwise.
    """
    parts = decode(encoded, "body", deterministic=True)
    if isinstance(parts, dict) and parts.keys() == {"schema", "seed", "content"}:
        seed, content = parts["seed"], parts["content"]
        if (
            parts["schema"] == SCHEMA
            and isinstance(content, bytes)
            and isinstance(seed, bytes)
            and len(seed) == SEED_SIZE
        ):
            return Body(seed, content)
    raise InvalidStatement(
        f'body: found other parts; expected the schema "{SCHEMA}", a seed of {SEED_SIZE} bytes '
        "and a content"
    )
