"""Verify a Chipwarden proof offline: python verify_proof.py PROOF TRUST (exit code 0: it holds)."""
# Needs Python 3.10 and "cryptography". docs/reference/statements.md says what the files hold.
# fmt: off
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from time import asctime, gmtime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils


def _need(holds, what):
    if not holds:
        raise ValueError(what)
def _b64(text):
    _need(b64encode(data := b64decode(text, validate=True)).decode() == text, "not proper base64")
    return data
def _item(data, at=0):  # RFC 8949: a value, and where the next one begins; no tags, no fractions
    major, n, at = data[at] >> 5, data[at] & 31, at + 1
    if n > 23 and major != 7:
        n = int.from_bytes(data[at : (at := at + (1 << n - 24))], "big")
    if major in (2, 3):
        _need(at + n <= len(data), "it is cut off")
        return (data[at : at + n] if major == 2 else data[at : at + n].decode()), at + n
    parts = []
    for _ in range({4: n, 5: 2 * n}.get(major, 0)):
        part, at = _item(data, at)
        parts.append(part)
    pairs = dict(zip(parts[::2], parts[1::2], strict=True)) if major == 5 else None
    _need(pairs is None or len(pairs) == n, "a key that stands twice")
    return {0: n, 1: -1 - n, 4: parts, 5: pairs, 7: {20: False, 21: True}.get(n)}[major], at
def _sign1(data):  # RFC 9052, 4.2: headers; what is checked; all but the header that is not signed
    header, a = _item(data, 2)
    unsigned, b = _item(data, a)
    sign, end = _item(data, c := _item(data, b)[1])
    _need(data[:2] == b"\xd2\x84" and end == len(data), "no COSE_Sign1")
    return _item(header)[0], unsigned, (data[2:a], data[b:c], sign), data[:a] + b"\xa0" + data[b:]

def _check(key, header, payload, signature):  # RFC 9052, 4.4; RFC 9053, 2
    message, key = b"\x84\x6aSignature1" + header + b"\x40" + payload, _item(key)[0]
    if key[1] == 1:
        return ed25519.Ed25519PublicKey.from_public_bytes(key[-2]).verify(signature, message)
    n, parts = len(signature) // 2, (key[-2], key[-3])
    x, y, r, s = (int.from_bytes(b, "big") for b in (*parts, signature[:n], signature[n:]))
    curve, digest = ((ec.SECP256R1, hashes.SHA256), (ec.SECP384R1, hashes.SHA384))[key[-1] - 1]
    public = ec.EllipticCurvePublicNumbers(x, y, curve()).public_key()
    return public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(digest()))

def _signers(text, lines, policy):  # C2SP signed-note, tlog-cosignature, tlog-policy
    met = {}
    for word, *rest in policy:
        if word in ("log", "witness"):
            name, _, key = rest[word == "witness"].split("+", 2)
            mark = sha256(f"{name}\n".encode() + _b64(key)).digest()[:4]
            public = ed25519.Ed25519PublicKey.from_public_bytes(_b64(key)[1:])
            for line in (each for each in lines.split("\n") if each.startswith(f"— {name} ")):
                if (data := _b64(line.split(" ")[2]))[:4] == mark:
                    _need(len(data) == (76 if word == "witness" else 68), "a signature too long")
                    time = int.from_bytes(data[4:-64], "big")
                    first = f"cosignature/v1\ntime {time}\n" if word == "witness" else ""
                    public.verify(data[-64:], (first + text).encode())
                    met[rest[0] if word == "witness" else f"log {name}"] = time
        elif word == "group":
            least = {"any": 1, "all": len(rest) - 2}.get(rest[1]) or int(rest[1])
            met |= {rest[0]: 0} if sum(each in met for each in rest[2:]) >= least else {}
        elif word == "quorum":
            _need(rest[0] in ("none", *met), f"signed by {', '.join(met) or 'nobody'} only")
    return met

def verify(proof, trust):
    """Yield the name of each part, then what the proof proves; raise at the first that fails."""
    policy = [words for line in trust.split("\n") if (words := line.split()) and words[0][0] != "#"]
    schema, said, *opened = proof.partition("\n\n")[0].split("\n")
    _need(schema == "chipwarden.proof/1" and said[:10] == "statement ", "no proof file")
    yield "checkpoint"
    text, _, lines = proof.partition("\n\n")[2].rpartition("\n\n")
    met, (origin, size, root, *_) = _signers(text + "\n", lines, policy), text.split("\n")
    _need(f"log {origin}" in met and "quorum" in [w[0] for w in policy], f"{origin} is not trusted")
    yield "receipt"
    header, unsigned, signed, entry = _sign1(_b64(said[10:]))
    log, proofs, (raw, nil, signature), _ = _sign1(*unsigned[394])
    tree, index, path = _item(proofs[396][-1][0])[0]
    _need(tree == int(size) == log[15]["chipwarden.tree-size"] > index >= 0, "for another tree")
    _need(nil == b"\xf6", "it holds more than a proof")
    sides, at, width, node = [], index, tree, sha256(b"\0" + entry).digest()
    while width > 1:  # RFC 6962, 2.1.1: from the root down, left or right of k
        k = 1 << (width - 1).bit_length() - 1
        sides, at, width = [at >= k, *sides], at % k, width - k if at >= k else k
    for right, each in zip(sides, path, strict=True):
        node = sha256(b"\1" + (each + node if right else node + each)).digest()
    _need(node == _b64(root), "it does not lead to the root of the checkpoint")
    keys = {(w[0], sha256(_b64(w[2 if w[0] == "issuer" else 1])).digest()): w for w in policy
            if w[0] in ("receipts", "issuer")}
    _check(_b64(keys["receipts", log[4]][1]), raw, b"\x58\x20" + node, signature)
    yield "statement"
    issuer, subject, time = (header[15][claim] for claim in (1, 2, 6))
    _, name, key, first, *until = keys.get(("issuer", header[4]), "?" * 4)
    _need(name == issuer and int(first) <= index < int([*until, index + 1][0]), "untrusted key")
    _check(_b64(key), *signed)
    said = _item(_item(signed[1])[0])[0]
    told = [f'{asctime(gmtime(time))} UTC, {issuer} on {subject}: {said["type"]} {said["public"]}',
            f"It is entry {index} of {size} of the log {origin}, signed by {', '.join(met)}."]
    _need(len(set(opened)) == len(opened), "an opening that stands twice")
    for data in (_b64(line[5:] if line[:5] == "open " else "") for line in opened):
        _, name, value = _item(data)[0]
        yield f"opening {name}"
        digest = sha256(b"\x84\x77chipwarden.commitment/1" + data[1:]).digest()
        _need(data[0] == 0x83 and said["commitments"].get(name) == digest, "another value")
        told.append(f"It committed to {name} = {value.decode(errors='replace')}")
    yield "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in told)

if __name__ == "__main__":
    parts = ["files"]  # those that were reached: the last one fails, or tells what was proved
    try:
        parts.extend(verify(*(Path(name).read_bytes().decode() for name in sys.argv[1:])))
    except Exception as error:
        sys.exit(f"The proof does not hold. {parts[-1]}: {error or type(error).__name__}")
    print(parts[-1])
