"""Verify a release grant offline, with "cryptography" alone; formats: docs/reference/grants.md.

Call: python verify_grant.py token=FILE trust=FILE holder=NAME country=CC product=NAME quantity=N,
where they apply revocations=FILE at=POSIX_SECONDS region=NAME site=NAME serials=A,B. Exit code 0:
granted; 1: refused, with every reason. How much is used already only the grant's log knows.
"""

import base64
import hashlib
import json
import pathlib
import sys
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

ALGORITHMS = {6: (-19, "Ed25519"), 1: (-7, "ES256"), 2: (-35, "ES384")}
CLAIMS = {1: "iss", 2: "sub", 4: "exp", 5: "nbf"}


def _need(holds, what):
    if not holds:
        raise ValueError(what)


def _item(data, at=0):  # RFC 8949: a value, and where the next one begins
    major, size, at = data[at] >> 5, data[at] & 31, at + 1
    if size > 23 and major != 7:
        start, at = at, at + (width := 1 << size - 24)
        size = int.from_bytes(data[start:at], "big")
        _need(width < 9 and size > 23 and size.bit_length() > 4 * width, "CBOR: not the shortest")
    if major in (0, 1, 7):
        return (size, -1 - size, {20: False, 21: True}.get(size))[major % 5], at
    if major in (2, 3):
        return (bytes, bytes.decode)[major - 2](data[at : at + size]), at + size
    parts = [(p := _item(data, at), at := p[1])[0][0] for _ in range((size, 2 * size)[major - 4])]
    return dict(zip(parts[::2], parts[1::2], strict=True)) if major == 5 else parts, at


def _cose(data, kind):  # RFC 9052, 4.2: what is said, algorithm, key, signed bytes, signature
    header, a = _item(data, 2)
    payload, b = _item(data, a + 1)
    (signature, end), header = _item(data, b), _item(header)[0]
    _need(data[:2] == b"\xd2\x84" and data[a] == 0xA0 and end == len(data), "no COSE_Sign1")
    _need(header.keys() == {1, 4, 16} and header[16] == f"application/{kind}", f"no {kind}")
    signed = b"\x84\x6aSignature1" + data[2:a] + b"\x40" + data[a + 1 : b]
    return _item(payload)[0], header[1], header[4], signed, signature


def _jwt(data, _):  # RFC 7515: the same
    token = data.decode().strip()
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]
    again = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    header, claims = json.loads(parts[0]), json.loads(parts[1])
    kind = header.keys() == {"alg", "kid", "typ"} and header["typ"] == "chipwarden-grant+jwt"
    _need(kind and again == token and len(parts) == 3, "no chipwarden-grant+jwt")
    kid, signed = base64.urlsafe_b64decode(header["kid"] + "=="), token.rpartition(".")[0]
    return claims, header["alg"], kid, signed.encode(), parts[2]


def _seal(trust, issuer, log, index, algorithm, kid, signed, seal):  # raises where it is broken
    logs = [line.split("+")[0] for line in trust.split("\n") if line.startswith("log ")]
    _need(logs == [f"log {log}"], f"log: the grant is of {log}, the trust file for {logs}")
    keys = [line.split() for line in trust.split("\n") if line.startswith(f"issuer {issuer} ")]
    keys = [each for each in keys if hashlib.sha256(base64.b64decode(each[2])).digest() == kid]
    _need(keys, f"key: the trust file names no such key of {issuer}")
    key, span = _item(base64.b64decode(keys[0][2]))[0], keys[0][3:]
    _need(index >= int(span[0]) and not span[1:], f"key: it counts from {' to '.join(span)}")
    _need(algorithm in ALGORITHMS[key[-1]], f"signature: made with {algorithm}, not as the key is")
    _need(len(seal) == 2 * (n := len(key[-2])), "signature: it has another length than the key's")
    if key[1] == 1:
        return ed25519.Ed25519PublicKey.from_public_bytes(key[-2]).verify(seal, signed)
    x, y, r, s = (int.from_bytes(b, "big") for b in (key[-2], key[-3], seal[:n], seal[n:]))
    curve, digest = ((ec.SECP256R1, hashes.SHA256), (ec.SECP384R1, hashes.SHA384))[key[-1] - 1]
    public = ec.EllipticCurvePublicNumbers(x, y, curve()).public_key()
    return public.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(digest()))


def refusals(ask, at):
    """Yield every reason why not; raise where the token or the list is not what it must be."""
    trust, data = pathlib.Path(ask["trust"]).read_text(), pathlib.Path(ask["token"]).read_bytes()
    claims, *seal = (_cose if data[:1] == b"\xd2" else _jwt)(data, "chipwarden-grant+cwt")
    claims = {CLAIMS.get(name, name): value for name, value in claims.items()}
    grant, issuer = claims["chipwarden.grant"], claims["iss"]
    _seal(trust, issuer, log := grant["log"]["origin"], index := grant["log"]["index"], *seal)
    if "revocations" in ask:
        data = pathlib.Path(ask["revocations"]).read_bytes()
        known, *seal = _cose(data, "chipwarden-revocations+cbor")
        size, age = known["size"], (at - known["time"]) // 3600
        _need(known["origin"] == log and size > index, "revocations: of another log, or too old")
        _seal(trust, issuer, log, size, *seal)
        this = hashlib.sha256(claims["sub"].encode()).digest()
        print(f"Revocations are known up to {size} entries, {age} hours before.")
        yield from (f"revoked: {each[1:]}" for each in known["revoked"] if each[0] == this)
    items = [item for item in grant["items"] if item["product"] == ask["product"]]
    units, asked = sum(item["quantity"] for item in items), int(ask["quantity"])
    serials, place = set(ask.get("serials", "").split(",")) - {""}, grant["place"]
    granted, end = {s for item in items for s in item["serials"]}, time.ctime(claims["exp"])
    fit = sum(i["quantity"] // len(i["serials"]) for i in items for s in serials & {*i["serials"]})
    steps = (
        (at >= claims["nbf"], f"not yet valid: it holds from {time.ctime(claims['nbf'])}"),
        (at < claims["exp"] <= claims["nbf"] + 2_592_000, f"expired: until {end}, or over 30 days"),
        (grant["holder"] == ask["holder"], f"holder: granted to {grant['holder']}"),
        (all(place[n] in (None, ask.get(n)) for n in place), f"place: granted for {place}"),
        (items, "product: it is not granted"),
        (0 < asked <= units, f"quantity: {units} granted, {asked} asked"),
        (not granted or (serials <= granted and fit == asked), f"serial: {fit} of {granted}"),
    )
    yield from (why for passed, why in steps if not passed)


if __name__ == "__main__":
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    try:
        reasons = list(refusals(given, int(given.get("at", time.time()))))
    except Exception as error:  # a signature that does not fit has no words of its own
        reasons = [str(error) or "signature: altered, or not signed by its issuer"]
    print("REFUSED" if reasons else "GRANTED", *map(ascii, reasons), sep="\n- ")
    raise SystemExit(bool(reasons))
