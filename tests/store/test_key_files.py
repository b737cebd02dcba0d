"""Private keys at rest: locked, private, never overwritten, and clear about what is wrong."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chipwarden.ledger.errors import InvalidSignature
from chipwarden.ledger.keys import Algorithm
from chipwarden.store.key_files import (
    KeyFolder,
    generate_key,
    load_signing_key,
    write_signing_key,
)
from chipwarden.store.locked_keys import DamagedKey, KeyExists, KeyMissing, locked
from chipwarden.store.passphrase_kdf import PassphraseKdf, WrongPassphrase

PASSPHRASE = "correct horse, battery \u2714".encode()


class Asked:
    """A passphrase that counts how often it was asked for."""

    def __init__(self, passphrase: bytes = PASSPHRASE) -> None:
        self.passphrase = passphrase
        self.count = 0

    def __call__(self) -> bytes:
        self.count += 1
        return self.passphrase


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workspace" / "keys"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_is_there_again(folder: Path, algorithm: Algorithm) -> None:
    made = KeyFolder(folder, Asked()).create("statements", algorithm)
    again = KeyFolder(folder, Asked())
    assert again.names() == ("statements",)
    assert again.signing_key("statements") == made
    assert again.signing_key("statements").algorithm is algorithm
    again.public_key("statements").verify(b"message", made.sign(b"message"))


def test_the_key_of_bodies_is_there_again(folder: Path) -> None:
    public = KeyFolder(folder, Asked()).create_x25519("bodies")
    asked = Asked()
    again = KeyFolder(folder, asked)
    assert again.x25519_public("bodies") == public
    assert asked.count == 0
    assert again.x25519("bodies").public_key() == public


def test_the_passphrase_is_asked_for_once_and_only_if_it_is_needed(folder: Path) -> None:
    asked = Asked()
    keys = KeyFolder(folder, asked)
    assert keys.names() == ()
    first = keys.create("one", Algorithm.ED25519)
    keys.create("two", Algorithm.ES256)
    keys.signing_key("one")
    assert asked.count == 1
    reader = KeyFolder(folder, Asked(b"never asked for"))
    assert reader.names() == ("one", "two")
    assert reader.public_key("one") == first.public


def test_only_the_owner_can_read(folder: Path) -> None:
    keys = KeyFolder(folder, Asked())
    keys.create("statements", Algorithm.ED25519)
    keys.create_x25519("bodies")
    write_signing_key(folder / "witness.key", generate_key(Algorithm.ED25519), PASSPHRASE)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [
        "bodies.pem", "kdf.json", "statements.pem", "witness.key",
    ]  # fmt: skip
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_key_lies_there_locked(folder: Path) -> None:
    """The file opens with scrypt's output as password, and holds the key nowhere in clear."""
    made = KeyFolder(folder, Asked()).create("statements", Algorithm.ED25519)
    settings = json.loads((folder / "kdf.json").read_bytes())
    assert (settings["n"], settings["r"], settings["p"]) == (2**15, 8, 1)
    salt = bytes.fromhex(settings["salt"])
    assert len(salt) == 16
    password = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(PASSPHRASE).hex().encode()
    content = (folder / "statements.pem").read_bytes()
    opened = load_pem_private_key(content[content.index(b"-----BEGIN ENC") :], password)
    assert isinstance(opened, Ed25519PrivateKey)
    assert isinstance(made.native, Ed25519PrivateKey)
    assert opened.private_bytes_raw() == made.native.private_bytes_raw()
    with pytest.raises(ValueError, match="password"):
        load_pem_private_key(content[content.index(b"-----BEGIN ENC") :], PASSPHRASE)


def test_two_folders_have_their_own_salts(folder: Path, tmp_path: Path) -> None:
    for each in (folder, tmp_path / "other"):
        KeyFolder(each, Asked()).create("statements", Algorithm.ED25519)
    salts = {json.loads((each / "kdf.json").read_bytes())["salt"]
             for each in (folder, tmp_path / "other")}  # fmt: skip
    assert len(salts) == 2


def test_a_wrong_passphrase_is_told_and_changes_nothing(folder: Path) -> None:
    made = KeyFolder(folder, Asked()).create("statements", Algorithm.ED25519)
    before = {file: file.read_bytes() for file in folder.iterdir()}
    wrong = KeyFolder(folder, Asked(b"something else"))
    for ask in (
        lambda: wrong.signing_key("statements"),
        lambda: wrong.create("other", Algorithm.ED25519),
        lambda: wrong.create_x25519("other"),
    ):
        with pytest.raises(WrongPassphrase, match=r"does not open .*kdf\.json; expected that with"):
            ask()
    assert {file: file.read_bytes() for file in folder.iterdir()} == before
    # It is asked for again, so that a person can try again.
    wrong._passphrase = Asked()
    assert wrong.signing_key("statements") == made


def test_an_empty_passphrase_is_refused(folder: Path) -> None:
    with pytest.raises(WrongPassphrase, match="found an empty one"):
        KeyFolder(folder, Asked(b"")).create("statements", Algorithm.ED25519)
    with pytest.raises(WrongPassphrase, match="found an empty one"):
        write_signing_key(folder / "key", generate_key(Algorithm.ED25519), b"")
    assert list(folder.iterdir()) == []


def test_a_key_is_never_written_over(folder: Path) -> None:
    keys = KeyFolder(folder, Asked())
    made = keys.create("statements", Algorithm.ED25519)
    for ask in (
        lambda: keys.create("statements", Algorithm.ES256),
        lambda: keys.create_x25519("statements"),
        lambda: write_signing_key(folder / "statements.pem", made, PASSPHRASE),
    ):
        with pytest.raises(KeyExists, match=r"found .*statements\.pem there already"):
            ask()
    assert keys.signing_key("statements") == made


def test_two_at_once_do_not_write_over_each_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process is quicker, after each look at what is there."""
    first = KeyFolder(folder, Asked())
    other = KeyFolder(folder, Asked(b"the passphrase of another"))
    new = PassphraseKdf.new

    def late(passphrase: bytes) -> tuple[PassphraseKdf, bytes]:
        monkeypatch.setattr(PassphraseKdf, "new", new)
        first.create("statements", Algorithm.ED25519)
        return new(passphrase)

    monkeypatch.setattr(PassphraseKdf, "new", late)
    with pytest.raises(WrongPassphrase):
        other.create("other", Algorithm.ED25519)
    assert first.names() == ("statements",)
    assert KeyFolder(folder, Asked()).signing_key("statements")


def test_nothing_half_written_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyFolder(folder, Asked())
    keys.create("one", Algorithm.ED25519)
    before = sorted(folder.iterdir())

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for ask in (
        lambda: keys.create("two", Algorithm.ED25519),
        lambda: write_signing_key(folder / "key", generate_key(Algorithm.ED25519), PASSPHRASE),
    ):
        with pytest.raises(OSError, match="No space left"):
            ask()
    assert sorted(folder.iterdir()) == before


def test_a_key_that_is_not_there(folder: Path) -> None:
    keys = KeyFolder(folder, Asked())
    for ask in (
        lambda: keys.signing_key("statements"),
        lambda: keys.public_key("statements"),
        lambda: keys.x25519("bodies"),
        lambda: keys.x25519_public("bodies"),
    ):
        with pytest.raises(KeyMissing, match="found no file"):
            ask()
    with pytest.raises(KeyMissing, match="found no file"):
        load_signing_key(folder / "witness.key", PASSPHRASE)
    keys.create("statements", Algorithm.ED25519)
    (folder / "kdf.json").unlink()
    with pytest.raises(KeyMissing, match=r"found no file .*kdf\.json"):
        KeyFolder(folder, Asked()).signing_key("statements")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a b", ".a", "-a", "a" * 65, "a.pem"])
def test_a_name_stays_in_its_folder(folder: Path, name: str) -> None:
    keys = KeyFolder(folder, Asked())
    with pytest.raises(ValueError, match="is no name of a key"):
        keys.create(name, Algorithm.ED25519)
    with pytest.raises(ValueError, match="is no name of a key"):
        keys.public_key(name)
    assert not folder.exists()


def test_a_key_for_one_thing_is_not_taken_for_another(folder: Path) -> None:
    keys = KeyFolder(folder, Asked())
    keys.create("statements", Algorithm.ED25519)
    keys.create_x25519("bodies")
    for ask, why in (
        (lambda: keys.signing_key("bodies"), "found X25519PrivateKey"),
        (lambda: keys.public_key("bodies"), "found X25519PublicKey"),
        (lambda: keys.x25519("statements"), "a key that opens nothing"),
        (lambda: keys.x25519_public("statements"), "a key that nothing is sealed to"),
    ):
        with pytest.raises(DamagedKey) as refused:
            ask()
        assert why in str(refused.value)


# ------------------------------------------------------------ damage


def test_damage_is_told_from_a_wrong_passphrase(folder: Path) -> None:
    keys = KeyFolder(folder, Asked())
    keys.create("statements", Algorithm.ED25519)
    place = folder / "statements.pem"
    good = place.read_bytes()
    public, private = re.findall(rb"-----BEGIN.*?-----END[^\n]*\n", good, re.DOTALL)
    other = locked(Ed25519PrivateKey.generate(), b"password")
    for content, why in (
        (b"", "no public key followed by a locked one"),
        (private, "no public key followed by a locked one"),
        (private + public, "no public key followed by a locked one"),
        (good + good, "no public key followed by a locked one"),
        (b"note\n" + good, "more than two keys in text form"),
        (good.replace(b"MC", b"MD", 1), "a public key that cannot be read"),
        (public + other[other.index(b"-----BEGIN ENC") :], "does not open with the password"),
        (other[: other.index(b"-----BEGIN ENC")] + private, "not the private key's own"),
        (good.replace(b"ENCRYPTED PRIVATE", b"PRIVATE"), "no public key followed by a locked one"),
    ):
        place.write_bytes(content)
        with pytest.raises(DamagedKey) as refused:
            KeyFolder(folder, Asked()).signing_key("statements")
        assert why in str(refused.value)
        assert str(place) in str(refused.value)


def test_each_byte_of_a_key_file_counts(folder: Path) -> None:
    keys = KeyFolder(folder, Asked())
    made = keys.create("statements", Algorithm.ED25519)
    place = folder / "statements.pem"
    good = place.read_bytes()
    for at in range(len(good)):
        place.write_bytes(good[:at] + bytes((good[at] ^ 4,)) + good[at + 1 :])
        try:
            again = keys.signing_key("statements")
        except DamagedKey:
            continue
        # Base64 has bits to spare at its end; the key is the same.
        assert again == made
        again.public.verify(b"message", made.sign(b"message"))


@pytest.mark.parametrize(
    "change",
    [
        {"n": 2**15 + 1}, {"n": 1}, {"n": 2**40}, {"r": 0}, {"p": 0}, {"p": 1000}, {"n": True},
        {"n": "32768"}, {"salt": "xx"}, {"salt": 5}, {"check": None}, {"kdf": "pbkdf2"},
        {"schema": "chipwarden.keys/2"}, {"more": 1},
    ],
)  # fmt: skip
def test_settings_that_nobody_wrote(folder: Path, change: dict[str, object]) -> None:
    KeyFolder(folder, Asked()).create("statements", Algorithm.ED25519)
    place = folder / "kdf.json"
    place.write_text(json.dumps({**json.loads(place.read_bytes()), **change}), "utf-8")
    with pytest.raises(DamagedKey, match=r"kdf\.json: found no settings of scrypt"):
        KeyFolder(folder, Asked()).signing_key("statements")


@pytest.mark.parametrize("content", [b"", b"[]", b"5", b"\xff", b"[" * 100_000])
def test_settings_that_are_none(content: bytes) -> None:
    assert PassphraseKdf.from_json(content) is None


def test_another_salt_is_a_wrong_passphrase(folder: Path) -> None:
    KeyFolder(folder, Asked()).create("statements", Algorithm.ED25519)
    place = folder / "kdf.json"
    parts = json.loads(place.read_bytes())
    place.write_text(json.dumps({**parts, "salt": "00" * 16}), "utf-8")
    with pytest.raises(WrongPassphrase):
        KeyFolder(folder, Asked()).signing_key("statements")


# ------------------------------------------------------------ a key of its own


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_in_one_file(tmp_path: Path, algorithm: Algorithm) -> None:
    place, made = tmp_path / "witness.key", generate_key(algorithm)
    write_signing_key(place, made, PASSPHRASE)
    again = load_signing_key(place, PASSPHRASE)
    assert again == made
    made.public.verify(b"message", again.sign(b"message"))
    with pytest.raises(WrongPassphrase, match=r"does not open .*witness\.key"):
        load_signing_key(place, PASSPHRASE + b" ")
    for content, why in (
        (b"", "no settings of scrypt in its first line"),
        (place.read_bytes().partition(b"\n")[2], "no settings of scrypt in its first line"),
        (place.read_bytes().partition(b"\n")[0] + b"\n", "no public key followed by a locked one"),
    ):
        place.write_bytes(content)
        with pytest.raises(DamagedKey) as refused:
            load_signing_key(place, PASSPHRASE)
        assert why in str(refused.value)


@pytest.mark.parametrize(
    "native",
    [
        X25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 1024),
        ec.derive_private_key(7, ec.SECP521R1()),
    ],
)
def test_a_file_with_a_key_of_another_kind(tmp_path: Path, native: X25519PrivateKey) -> None:
    kdf, password = PassphraseKdf.new(PASSPHRASE)
    place = tmp_path / "witness.key"
    place.write_bytes(kdf.to_json() + locked(native, password))
    with pytest.raises(DamagedKey, match="expected one of Ed25519, P-256 or P-384"):
        load_signing_key(place, PASSPHRASE)


def test_keys_are_made_at_random() -> None:
    for algorithm in Algorithm:
        first, second = generate_key(algorithm), generate_key(algorithm)
        assert first != second
        with pytest.raises(InvalidSignature):
            first.public.verify(b"message", second.sign(b"message"))
