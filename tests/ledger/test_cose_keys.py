"""Keys: the examples of their specifications, and keys that are refused."""

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.ledger.signers import signing_key

from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.keys import Algorithm, PublicKey, SigningKey, algorithm_of


def test_a_thumbprint_of_the_specification() -> None:
    """RFC 9679, section 6."""
    key = {
        1: 2, -1: 1,
        -2: bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"),
        -3: bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"),
    }  # fmt: skip
    named = {**key, 2: b"meriadoc.brandybuck@buckland.example", 3: -7}
    expected = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert PublicKey.from_cose_key(cbor2.dumps(key)).thumbprint.hex() == expected
    assert PublicKey.from_cose_key(cbor2.dumps(named)).thumbprint.hex() == expected


def test_ed25519_of_the_specification() -> None:
    """RFC 8032, section 7.1, test 3."""
    private = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    key = SigningKey.of(Ed25519PrivateKey.from_private_bytes(private))
    expected = (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert key.sign(bytes.fromhex("af82")).hex() == expected
    key.public.verify(bytes.fromhex("af82"), bytes.fromhex(expected))


@pytest.mark.parametrize(
    ("curve", "private", "expected"),
    [
        (
            ec.SECP256R1(),
            "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            ec.SECP384R1(),
            "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA"
            "9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA7"
            "3D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
            "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526"
            "203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
        ),
    ],
)
def test_ecdsa_without_a_random_number(
    curve: ec.EllipticCurve, private: str, expected: str
) -> None:
    """RFC 6979, appendices A.2.5 and A.2.6, message "sample", the hash of the curve's size."""
    key = SigningKey.of(ec.derive_private_key(int(private, 16), curve))
    assert key.sign(b"sample").hex().upper() == expected
    key.public.verify(b"sample", bytes.fromhex(expected))


@pytest.mark.parametrize(
    ("number", "algorithm"),
    [
        (-19, Algorithm.ED25519), (-8, Algorithm.ED25519), (-7, Algorithm.ES256),
        (-9, Algorithm.ES256), (-35, Algorithm.ES384), (-51, Algorithm.ES384),
        (-37, None), (-36, None), (0, None), (None, None), ("ES256", None), ([], None),
        (True, None), (-7.0, None),
    ],
)  # fmt: skip
def test_numbers_of_algorithms(number: object, algorithm: Algorithm | None) -> None:
    """RFC 9053, section 2, and RFC 9864, section 2."""
    assert algorithm_of(number) is algorithm


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_is_the_same_from_its_cose_key(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    again = PublicKey.from_cose_key(key.public.cose_key())
    assert again == key.public != signing_key(2, algorithm).public
    assert again.cose_key() == key.public.cose_key()
    assert (key.kid, key.algorithm) == (again.thumbprint, algorithm)
    again.verify(b"message", key.sign(b"message"))
    assert key.sign(b"message") == key.sign(b"message")


@pytest.mark.parametrize("algorithm", Algorithm)
def test_other_signatures_are_refused(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    signature = key.sign(b"message")
    for message, wrong in [
        (b"massage", signature),
        (b"message", bytes(len(signature))),
        (b"message", b"\xff" * len(signature)),
        (b"message", signature[:-1]),
        (b"message", signature + b"\x00"),
        (b"message", b""),
        (b"message", signing_key(2, algorithm).sign(b"message")),
        *[(b"message", _flipped(signature, at)) for at in range(len(signature))],
    ]:
        with pytest.raises(InvalidSignature, match=key.kid.hex()[:16]):
            key.public.verify(message, wrong)


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]


ED: dict[Any, Any] = {1: 1, -1: 6, -2: signing_key().public.native.public_bytes_raw()}  # type: ignore[union-attr]
P256: dict[Any, Any] = cbor2.loads(signing_key(1, Algorithm.ES256).public.cose_key())


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([], "found no map"),
        ({}, "found type None with curve None"),
        ({**ED, 1: 2}, "found type 2 with curve 6"),
        ({**ED, 1: True}, "found type True with curve 6"),
        ({**ED, 1: []}, "found type [] with curve 6"),
        ({**ED, -1: 7}, "found type 1 with curve 7"),
        ({1: 4, -1: b"symmetric"}, "found type 4"),
        ({**P256, -1: 3}, "found type 2 with curve 3"),
        ({**P256, -1: 8}, "found type 2 with curve 8"),
        ({**ED, -4: bytes(32)}, "found the label -4"),
        ({**ED, -3: bytes(32)}, "found the label -3"),
        ({**ED, 4: [1]}, "found the label 4"),
        ({**ED, "x": 1}, "found the label x"),
        ({**ED, 3: -7}, "found another algorithm"),
        ({**ED, 3: []}, "found another algorithm"),
        ({**P256, 3: -35}, "found another algorithm"),
        ({**ED, -2: bytes(31)}, "expected 32 bytes at the label -2"),
        ({**ED, -2: "x" * 32}, "expected 32 bytes at the label -2"),
        ({1: 1, -1: 6}, "expected 32 bytes at the label -2"),
        ({**P256, -3: True}, "expected 32 bytes at the label -3"),
        ({**P256, -3: bytes(32)}, "a point that is not on its curve"),
        ({**P256, -2: b"\xff" * 32}, "a point that is not on its curve"),
    ],
)
def test_what_is_no_key_is_refused_for_its_reason(parts: Any, why: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        PublicKey.from_cose_key(cbor2.dumps(parts))
    assert why in str(refused.value)


def small_order_points() -> list[bytes]:
    """Return all encodings of the points whose order divides 8, from the curve's equation."""
    p = 2**255 - 19
    d = -121665 * pow(121666, -1, p) % p
    root = pow(2, (p - 1) // 4, p)

    def double(x: int, y: int) -> tuple[int, int]:
        k = d * x * x * y * y % p
        return 2 * x * y * pow(1 + k, -1, p) % p, (y * y + x * x) * pow(1 - k, -1, p) % p

    found = set()
    # The order divides 8 where doubling thrice gives the neutral point (0, 1). A point of
    # order 8 doubles to one of order 4, (±root, 0), so x² = -y² and d y⁴ + 2 y² - 1 = 0.
    roots = [0, 1, p - 1]
    for square in ((-1 + s * _root(1 + d, p, root)) * pow(d, -1, p) % p for s in (1, -1)):
        if (y := _root(square, p, root)) is not None:
            roots += [y, p - y]
    for y in roots:
        x = _root((y * y - 1) * pow(d * y * y + 1, -1, p) % p, p, root)
        assert x is not None
        point = (x, y)
        for _ in range(3):
            point = double(*point)
        assert point == (0, 1)
        # Both signs of x, and the encodings of y that were not reduced.
        for same in (y, y + p):
            if same < 2**255:
                found |= {(same | sign << 255).to_bytes(32, "little") for sign in (0, 1)}
    return sorted(found)


def _root(square: int, p: int, root: int) -> Any:
    for each in (pow(square, (p + 3) // 8, p), pow(square, (p + 3) // 8, p) * root % p):
        if each * each % p == square % p:
            return each
    return None


def test_keys_of_small_order_are_refused() -> None:
    points = small_order_points()
    # Eight points; y of 0 and 1 has a second encoding, and the sign bit is free where x is 0.
    assert len(points) == 14
    for point in points:
        with pytest.raises(InvalidStatement, match="a point of small order"):
            PublicKey.from_cose_key(cbor2.dumps({**ED, -2: point}))


@pytest.mark.parametrize(
    "native",
    [
        ec.derive_private_key(7, ec.SECP521R1()),
        ec.derive_private_key(7, ec.SECP256K1()),
        X25519PrivateKey.from_private_bytes(bytes(range(32))),
        rsa.generate_private_key(65537, 1024),
        "key",
    ],
)
def test_keys_of_other_kinds_are_refused(native: Any) -> None:
    with pytest.raises(InvalidStatement, match="expected one of Ed25519, P-256 or P-384"):
        SigningKey.of(native)
    if hasattr(native, "public_key"):
        with pytest.raises(InvalidStatement, match="expected one of Ed25519, P-256 or P-384"):
            PublicKey.of(native.public_key())


def test_a_private_key_does_not_show_itself() -> None:
    key = signing_key()
    assert isinstance(key.native, Ed25519PrivateKey)
    assert isinstance(key.public.native, Ed25519PublicKey)
    assert key.native.private_bytes_raw().hex() not in repr(key)
    assert "native" not in repr(key)
