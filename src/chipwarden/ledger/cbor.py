"""CBOR as signed statements use it: one encoding for each value, and a strict reader.

    encode({"b": 1, "a": True}).hex()          # "a26161f5616201"
    decode(bytes.fromhex("a26161f5616201"))    # {"a": True, "b": 1}

Whole numbers of 64 bits, texts, bytes, arrays, maps, true, false, null and tags. What can be
written in two ways, or read in two, is refused: indefinite lengths, a key that stands twice,
bytes after the end. With `deterministic` so is everything that `encode` would write
differently, so that equal statements have equal bytes. No tag is interpreted.

Source:
    RFC 8949, section 3 and, for the one encoding, section 4.2.1. Floating-point numbers are
    read and not written; big numbers, undefined and other simple values are not read.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chipwarden.ledger.errors import InvalidStatement

# A map of our statements stands in a map; those of others rarely reach six.
DEEPEST: Final = 16
MOST_PAIRS: Final = 2048
_FLOATS: Final = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
_SIMPLE: Final = {20: False, 21: True, 22: None}
_CONSTANTS: Final = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value with a tag, as it stands; what the tag means is left to the caller."""

    tag: int
    value: Any


def head(major: int, number: int) -> bytes:
    """Return the first bytes of an item: its major type, 0 to 7, and its number or length.

    Raises:
        ValueError: the number has more than 64 bits.
    """
    start = major << 5
    if number < 24:
        return bytes((start | number,))
    if number < 256:
        return bytes((start | 24, number))
    for code, length in ((25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * length:
            return bytes((start | code,)) + number.to_bytes(length, "big")
    raise ValueError(f"{number} has more than 64 bits")


def bytes_item(content: bytes) -> bytes:
    """Return a byte string with its head."""
    return head(2, len(content)) + content


def encode(value: Any) -> bytes:
    """Return the one encoding of a value.

    Raises:
        TypeError: it holds something that has no place here, such as a number with a fraction.
        ValueError: a whole number has more than 64 bits.
    """
    kind = type(value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode("utf-8")
        return head(3, len(text)) + text
    if kind is dict or isinstance(value, Mapping):
        pairs = sorted([(encode(key), encode(part)) for key, part in value.items()])
        # They ascend, so the last tells of all: beyond texts stand arrays, maps, true and false.
        if pairs and pairs[-1][0][0] >= 0x80:
            raise TypeError("a key of a map is a whole number, text or bytes")
        return head(5, len(pairs)) + b"".join([key + part for key, part in pairs])
    if value is None or kind is bool:
        return _CONSTANTS[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if kind is list or kind is tuple:
        return head(4, len(value)) + b"".join([encode(part) for part in value])
    if kind is Tagged:
        return head(6, value.tag) + encode(value.value)
    raise TypeError(
        f"{kind.__name__} has no place in a statement; write it as text, bytes or a whole number"
    )


def decode(content: bytes, what: str = "CBOR", *, deterministic: bool = False) -> Any:
    """Return the one value that the bytes hold.

    Args:
        content: all of the bytes.
        what: what to call them in an error.
        deterministic: whether they must be as `encode` writes them.

    Raises:
        InvalidStatement: they hold no value, more than one, or one that is not allowed.
    """
    reader = _Reader(content, deterministic)
    try:
        value, end = reader.item(0, DEEPEST)
    except IndexError:
        raise InvalidStatement(
            f"{what}: found its end after {len(content)} bytes; expected more"
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidStatement(
            f"{what}: found bytes that are no text ({error.reason}); expected UTF-8"
        ) from None
    except _Refused as refused:
        found, expected, at = refused.args
        raise InvalidStatement(f"{what}, byte {at}: found {found}; expected {expected}") from None
    if end != len(content):
        found = "its end too early" if end > len(content) else "more bytes after its end"
        raise InvalidStatement(f"{what}: found {found}; expected one value of {end} bytes")
    return value


def bytes_at(content: bytes, at: int, what: str = "CBOR") -> tuple[bytes, int]:
    """Return the byte string at a byte, and the byte after it: for messages of known layout.

    Raises:
        IndexError: it goes beyond the end.
        InvalidStatement: there is none.
    """
    initial, start = content[at], at + 1
    if initial == 0x58 and content[start] >= 24:
        length, start = content[start], start + 1
    elif initial == 0x59 and content[start]:
        length, start = content[start] << 8 | content[start + 1], start + 2
    elif 0x40 <= initial < 0x58:
        length = initial - 0x40
    else:
        raise InvalidStatement(
            f"{what}, byte {at}: found 0x{initial:02x}; expected up to 65,535 bytes in their "
            "shortest form"
        )
    if start + length > len(content):
        raise IndexError
    return content[start : start + length], start + length


class _Refused(Exception):
    """What was found, what was expected, and at which byte."""


class _Reader:
    """Reads items; bytes beyond the end are found by an IndexError or at the very end."""

    __slots__ = ("content", "deterministic")

    def __init__(self, content: bytes, deterministic: bool) -> None:
        self.content = content
        self.deterministic = deterministic

    def item(self, at: int, depth: int) -> tuple[Any, int]:
        """Return the item at a byte and the byte after it."""
        content = self.content
        initial = content[at]
        major, number = initial >> 5, initial & 31
        if major == 7:
            return self._simple(number, at)
        start, at = at, at + 1
        if number >= 24:
            number, at = self._number(number, at)
        if major == 3:
            end = at + number
            return content[at:end].decode(), end
        if major == 2:
            end = at + number
            return content[at:end], end
        if major == 0:
            return number, at
        if major == 1:
            return -1 - number, at
        if not depth:
            raise _Refused("too many values in one another", f"at most {DEEPEST}", start)
        if major == 5:
            return self._map(number, at, depth - 1)
        if major == 4:
            return self._array(number, at, depth - 1)
        value, end = self.item(at, depth - 1)
        return Tagged(number, value), end

    def _number(self, code: int, at: int) -> tuple[int, int]:
        if code > 27:
            found = "a length that is not given" if code == 31 else "a reserved length"
            raise _Refused(found, "a definite length", at - 1)
        end = at + (1 << (code - 24))
        if end > len(self.content):
            raise IndexError
        number = int.from_bytes(self.content[at:end], "big")
        if self.deterministic and number < (24, 1 << 8, 1 << 16, 1 << 32)[code - 24]:
            raise _Refused(f"{number} in {end - at} bytes", "the shortest form", at - 1)
        return number, end

    def _array(self, count: int, at: int, depth: int) -> tuple[list[Any], int]:
        values = []
        for _ in range(count):
            value, at = self.item(at, depth)
            values.append(value)
        return values, at

    def _map(self, count: int, at: int, depth: int) -> tuple[dict[Any, Any], int]:
        if count > MOST_PAIRS:
            raise _Refused(f"a map of {count:,} pairs", f"at most {MOST_PAIRS:,}", at)
        content, item, ordered = self.content, self.item, self.deterministic
        values: dict[Any, Any] = {}
        before = b""
        for _ in range(count):
            start = at
            initial = content[at]
            key: Any
            # Small numbers and short texts as keys, short texts and 24 to 255 bytes as values:
            # nearly all that a statement holds. Read here they take half the time.
            if 0x60 <= initial < 0x78:
                at += initial - 0x5F
                key = content[start + 1 : at].decode()
            elif initial < 24:
                at += 1
                key = initial
            else:
                key, at = item(at, depth)
                if type(key) not in (int, str, bytes):
                    raise _Refused("a key of another kind", "a number, text or bytes", start)
            if ordered:
                coded = content[start:at]
                if coded <= before:
                    raise _Refused(f"the key {key!r:.60} out of order", "ascending keys", start)
                before = coded
            elif key in values:
                raise _Refused(f"the key {key!r:.60} twice", "each key once", start)
            initial = content[at]
            if initial == 0x58 and content[at + 1] >= 24:
                end = at + 2 + content[at + 1]
                values[key] = content[at + 2 : end]
                at = end
            elif 0x60 <= initial < 0x78:
                end = at + initial - 0x5F
                values[key] = content[at + 1 : end].decode()
                at = end
            else:
                values[key], at = item(at, depth)
        return values, at

    def _simple(self, code: int, at: int) -> tuple[Any, int]:
        if code in _SIMPLE:
            return _SIMPLE[code], at + 1
        layout = _FLOATS.get(code)
        if layout is None or self.deterministic:
            raise _Refused(
                "a number with a fraction" if layout else f"the simple value {code}",
                "text, bytes, a whole number, true, false or null",
                at,
            )
        end = at + 1 + layout.size
        if end > len(self.content):
            raise IndexError
        return layout.unpack(self.content[at + 1 : end])[0], end
