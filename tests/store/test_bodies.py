"""Bodies on disk: sealed, bound to their names, erased for good, never half-written."""

import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

from chipwarden.ledger.bodies import Body
from chipwarden.store import bodies as module
from chipwarden.store.bodies import Bodies, BodyMissing, BodyTooLong, DamagedBody

KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
SEED = bytes(range(100, 132))
CONTENT = b'{"outcome":"license_required","order":{"id":"PO-1"}}' * 20


@pytest.fixture
def bodies(tmp_path: Path) -> Bodies:
    return Bodies(tmp_path / "bodies", KEY)


def place_of(bodies: Bodies, digest: bytes) -> Path:
    return bodies.folder / digest.hex()[:2] / digest.hex()[2:]


def test_a_body_is_read_as_it_was_written(bodies: Bodies) -> None:
    digest = bodies.write(CONTENT, SEED)
    assert digest == Body(SEED, CONTENT).digest()
    assert bodies.read(digest) == Body(SEED, CONTENT)
    assert digest in bodies and bytes(32) not in bodies
    assert list(bodies.digests()) == [digest]


@settings(max_examples=30)
@given(content=st.binary(max_size=2000), seed=st.binary(min_size=32, max_size=32))
def test_any_body(tmp_path_factory: pytest.TempPathFactory, content: bytes, seed: bytes) -> None:
    kept = Bodies(tmp_path_factory.getbasetemp() / "bodies", KEY)
    assert kept.read(kept.write(content, seed)) == Body(seed, content)


def test_a_body_lies_there_sealed(bodies: Bodies) -> None:
    """RFC 9180 as another implementation reads it, with the digest as information."""
    digest = bodies.write(CONTENT, SEED)
    content = place_of(bodies, digest).read_bytes()
    assert b"license_required" not in content and SEED not in content
    assert len(content) < len(CONTENT)
    suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
    opener = suite.create_recipient_context(
        content[4:36], KEMKey.from_pyca_cryptography_key(KEY), b"chipwarden.body/1 " + digest
    )
    encoded = zlib.decompress(opener.open(content[36:]))
    assert content[:4] == b"CWS1"
    assert hashlib.sha256(encoded).digest() == digest
    assert cbor2.loads(encoded) == {
        "schema": "chipwarden.body/1", "seed": SEED, "content": CONTENT,
    }  # fmt: skip


def test_writing_needs_the_public_key_alone(tmp_path: Path) -> None:
    writer = Bodies(tmp_path / "bodies", KEY.public_key())
    digest = writer.write(CONTENT, SEED)
    with pytest.raises(ValueError, match="the private key is needed"):
        writer.read(digest)
    asked: Iterator[X25519PrivateKey] = iter([KEY])
    reader = Bodies(tmp_path / "bodies", KEY.public_key(), lambda: next(asked))
    assert reader.write(b"other", SEED) != digest
    # It is asked for once.
    assert reader.read(digest) == reader.read(digest)


def test_the_same_body_twice_is_one_file(bodies: Bodies) -> None:
    digest = bodies.write(CONTENT, SEED)
    before = place_of(bodies, digest).read_bytes()
    assert bodies.write(CONTENT, SEED) == digest
    assert place_of(bodies, digest).read_bytes() == before
    assert bodies.write(CONTENT, bytes(32)) != digest


def test_an_erased_body_is_gone(bodies: Bodies) -> None:
    digest, other = bodies.write(CONTENT, SEED), bodies.write(b"other", SEED)
    bodies.destroy(digest)
    for ask in (bodies.read, bodies.destroy):
        with pytest.raises(BodyMissing, match="it was erased, or is kept elsewhere") as missing:
            ask(digest)
        assert missing.value.digest == digest
    assert digest not in bodies
    assert list(bodies.digests()) == [other]
    assert not any(digest.hex()[2:] in name for _, _, names in os.walk(bodies.folder)
                   for name in names)  # fmt: skip


def test_only_the_owner_can_read(bodies: Bodies) -> None:
    place = place_of(bodies, bodies.write(CONTENT, SEED))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in (place.parent, bodies.folder)} == {0o700}


def test_a_body_passes_for_no_other(bodies: Bodies) -> None:
    first, second = bodies.write(b"first", SEED), bodies.write(b"second", SEED)
    place_of(bodies, second).write_bytes(place_of(bodies, first).read_bytes())
    with pytest.raises(DamagedBody, match="bytes that this workspace's key does not open"):
        bodies.read(second)
    assert bodies.read(first).content == b"first"


def test_another_key_does_not_open_it(bodies: Bodies) -> None:
    digest = bodies.write(CONTENT, SEED)
    other = Bodies(bodies.folder, X25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
    with pytest.raises(DamagedBody, match="does not open"):
        other.read(digest)


def test_each_byte_of_a_body_counts(bodies: Bodies) -> None:
    digest = bodies.write(b"content", SEED)
    place = place_of(bodies, digest)
    good = place.read_bytes()
    for content in (
        *(good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :] for at in range(len(good))),
        *(good[:length] for length in range(len(good))),
        good + b"\x00",
    ):
        place.write_bytes(content)
        with pytest.raises(DamagedBody) as damaged:
            bodies.read(digest)
        assert str(place) in str(damaged.value)


def sealed(bodies: Bodies, digest: bytes, content: bytes) -> None:
    """Put bytes in the place of a body, sealed well."""
    place = place_of(bodies, digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"CWS1" + module._SUITE.encrypt(
        content, KEY.public_key(), b"chipwarden.body/1 " + digest))  # fmt: skip


def test_what_is_sealed_must_be_the_body(bodies: Bodies) -> None:
    """Whoever knows the public key can seal anything; it must still be what the log names."""
    digest, encoded = Body(SEED, CONTENT).digest(), Body(SEED, CONTENT).encoded()
    packed = zlib.compress(encoded)
    for content, why in (
        (packed, ""),
        (b"", "no compressed body"),
        (encoded, "no compressed body"),
        (packed[:-1], "no compressed body"),
        (packed + b"\x00", "no compressed body"),
        (zlib.compress(b""), "body: found its end after 0 bytes"),
        (zlib.compress(cbor2.dumps({"schema": "x"})), "body: found other parts"),
        (zlib.compress(Body(SEED, b"other").encoded()), "found the body "),
        (zlib.compress(bytes(100 << 20)), "no compressed body"),
    ):
        sealed(bodies, digest, content)
        if not why:
            assert bodies.read(digest).content == CONTENT
            continue
        with pytest.raises(DamagedBody) as damaged:
            bodies.read(digest)
        assert why in str(damaged.value)


def test_a_body_too_long_is_refused(bodies: Bodies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(BodyTooLong, match=r"found 1,0\d\d bytes; expected at most 1,000"):
        bodies.write(bytes(980), SEED)
    assert bodies.read(bodies.write(bytes(900), SEED)).content == bytes(900)


def test_nothing_half_written_is_left(bodies: Bodies, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            bodies.write(CONTENT, SEED)
    assert list(bodies.digests()) == []
    assert not [name for _, _, names in os.walk(bodies.folder) for name in names]
    assert bodies.read(bodies.write(CONTENT, SEED)).content == CONTENT


def test_a_body_is_on_the_disk_before_it_is_named(
    bodies: Bodies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its content and each folder that is new are flushed, and the name comes after the content."""
    happened: list[str] = []
    fsync, link = os.fsync, os.link

    def flushed(handle: int) -> None:
        happened.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        fsync(handle)

    def named(source: Path, target: Path) -> None:
        happened.append("named")
        link(source, target)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to tell what is flushed")
    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "link", named)
    digest = bodies.write(CONTENT, SEED)
    parts = [name if not name.endswith(".part") else "content" for name in happened]
    outside = bodies.folder.parent.name
    assert parts == [outside, "bodies", "content", "named", digest.hex()[:2]]


def test_other_files_are_no_bodies(bodies: Bodies) -> None:
    assert list(bodies.digests()) == []
    digest = bodies.write(CONTENT, SEED)
    (bodies.folder / "readme").write_text("hello", "utf-8")
    (bodies.folder / "zz").mkdir()
    (place_of(bodies, digest).parent / ".x.part").write_bytes(b"")
    assert list(bodies.digests()) == [digest]


def test_a_digest_has_32_bytes(bodies: Bodies) -> None:
    for ask in (bodies.read, bodies.destroy):
        with pytest.raises(ValueError, match="a digest has 32 bytes, this one 5"):
            ask(b"short")
    with pytest.raises(ValueError, match="a seed has 32 bytes, this one 5"):
        bodies.write(b"", b"seeds")
