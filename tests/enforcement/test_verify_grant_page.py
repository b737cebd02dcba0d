"""The page-long verifier of docs/: alone in a folder, without Chipwarden, in isolated mode."""

import base64
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.enforcement.made import (
    END,
    HOLDER,
    ISSUER,
    KEY,
    KEYS,
    NOON,
    ORIGIN,
    OTHER_KEY,
    PRODUCT,
    Keys,
    Log,
    grant,
)

from chipwarden.enforcement.asked import Asked, AskedLine
from chipwarden.enforcement.gate import verify_grant
from chipwarden.enforcement.grant_tokens import cwt_token, jwt_token
from chipwarden.enforcement.grants import Grant
from chipwarden.enforcement.revocations import revocations_of, sign_revocations
from chipwarden.ledger.keys import SigningKey

PAGE = Path(__file__).parents[2] / "docs" / "verify_grant.py"
FORMS: dict[str, Callable[..., Any]] = {"cwt": cwt_token, "jwt": jwt_token}
FORM = pytest.mark.parametrize("form", FORMS)


def line(key: SigningKey, issuer: str = ISSUER, span: str = "0") -> str:
    return f"issuer {issuer} {base64.b64encode(key.public.cose_key()).decode()} {span}\n"


class Folder:
    """A folder with the page, a token, a trust file and nothing else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copy(PAGE, path / "verify.py")
        self.trust(f"{line(KEY)}receipts y\n")

    def trust(self, keys: str, origin: str = ORIGIN) -> None:
        # The page reads the name of the log's key alone; the rest is for receipts.
        self.write("trust", f"log {origin}+1f5c0000+AR==\n{keys}")

    def write(self, name: str, content: bytes | str) -> None:
        (self.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def run(self, **changes: Any) -> tuple[int, str]:
        asked = {
            "token": "token", "trust": "trust", "holder": HOLDER, "country": "SA",
            "product": PRODUCT, "quantity": 40, "at": NOON, **changes,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-I", "verify.py", *(f"{k}={v}" for k, v in asked.items())],
            cwd=self.path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        assert done.returncode == (0 if done.stdout.endswith("GRANTED\n") else 1)
        return done.returncode, done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def logged(**changes: Any) -> tuple[Grant, Log]:
    log = Log()
    return log.grant(grant(**changes)), log


def test_the_page_is_a_page() -> None:
    text = PAGE.read_text("utf-8")
    assert len(text.splitlines()) <= 120
    imported = {ln.split()[1].split(".")[0] for ln in text.splitlines()
                if ln.startswith(("import ", "from "))}  # fmt: skip
    assert imported - sys.stdlib_module_names == {"cryptography"}


@FORM
@pytest.mark.parametrize("algorithm", KEYS)
def test_a_good_grant_is_granted(folder: Folder, form: str, algorithm: str) -> None:
    key = KEYS[algorithm]
    folder.trust(line(OTHER_KEY) + line(key))
    folder.write("token", FORMS[form](logged()[0], key))
    assert folder.run() == (0, "GRANTED\n")
    assert folder.run(quantity=64) == (0, "GRANTED\n")
    assert folder.run(at=END - 1) == (0, "GRANTED\n")


@FORM
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"at": NOON - 1}, "not yet valid"),
        ({"at": END}, "expired"),
        ({"holder": "Example Trading LLC"}, f"holder: granted to {HOLDER}"),
        ({"country": "AE"}, "place: granted for"),
        ({"product": "NVIDIA B300"}, "product: it is not granted"),
        ({"quantity": 65}, "quantity: 64 granted, 65 asked"),
        ({"quantity": 0}, "quantity: 64 granted, 0 asked"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "many"}, "invalid literal"),
    ],
)
def test_each_reason_is_told(folder: Folder, form: str, changes: Any, said: str) -> None:
    folder.write("token", FORMS[form](logged()[0], KEY))
    code, text = folder.run(**changes)
    assert code == 1
    assert said in text


@FORM
def test_all_reasons_are_told_at_once(folder: Folder, form: str) -> None:
    folder.write("token", FORMS[form](logged(site="Riyadh 2")[0], KEY))
    _, text = folder.run(at=END, holder="x", quantity=65)
    assert text.count("\n- ") == 4


@FORM
@pytest.mark.parametrize(
    ("trust", "said"),
    [
        ("", "key: the trust file names no such key"),
        (line(OTHER_KEY), "key: the trust file names no such key"),
        (line(KEY, "https://b.example"), "key: the trust file names no such key"),
        (line(KEY, span="14"), "key: it counts from 14"),
        (line(KEY, span="0 13"), "key: it counts from 0 to 13"),
        (line(KEY, span="0 20"), "key: it counts from 0 to 20"),
    ],
)
def test_only_the_issuers_key_counts(folder: Folder, form: str, trust: str, said: str) -> None:
    folder.write("token", FORMS[form](logged()[0], KEY))
    folder.trust(trust)
    code, text = folder.run()
    assert code == 1
    assert said in text


@FORM
@pytest.mark.parametrize("algorithm", KEYS)
def test_another_signature_is_told(folder: Folder, form: str, algorithm: str) -> None:
    key = KEYS[algorithm]
    folder.trust(line(key))
    content = bytearray(
        FORMS[form](logged()[0], key) if form == "cwt" else FORMS[form](logged()[0], key).encode()
    )
    content[-20] ^= 1
    folder.write("token", bytes(content))
    code, text = folder.run()
    assert code == 1
    assert "signature: altered" in text or "no chipwarden-grant+jwt" in text


def page() -> Any:
    """Return the page as a module: a process for each byte would take long."""
    spec = importlib.util.spec_from_file_location("verify_grant", PAGE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@FORM
@pytest.mark.parametrize("algorithm", KEYS)
def test_no_byte_can_be_changed(folder: Folder, form: str, algorithm: str) -> None:
    key = KEYS[algorithm]
    content = FORMS[form](logged()[0], key)
    whole = content if isinstance(content, bytes) else content.encode()
    folder.trust(line(key))
    ask = {
        "token": str(folder.path / "token"), "trust": str(folder.path / "trust"),
        "holder": HOLDER, "country": "SA", "product": PRODUCT, "quantity": "40",
    }  # fmt: skip
    refusals = page().refusals

    def is_refused(token: bytes) -> bool:
        folder.write("token", token)
        try:
            return bool(list(refusals(ask, NOON)))
        except Exception:
            return True

    assert not is_refused(whole)
    for at in range(0, len(whole), 1 if "CHIPWARDEN_FUZZ_CASES" in os.environ else 5):
        assert is_refused(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :]), at
    for more in (whole[:-1], whole + b"\0", whole[1:]):
        assert is_refused(more)


def test_serials_are_compared(folder: Folder) -> None:
    given, _ = logged(quantities={1: 4}, serials={1: ("M-1", "M-2")})
    folder.write("token", cwt_token(given, KEY))
    assert folder.run(quantity=2, serials="M-2")[0] == 0
    assert folder.run(quantity=4, serials="M-2,M-1")[0] == 0
    for changes in (
        {"quantity": 2}, {"quantity": 2, "serials": "M-3"}, {"quantity": 4, "serials": "M-1"},
        {"quantity": 1, "serials": "M-1"}, {"quantity": 4, "serials": "M-1,M-1"},
    ):  # fmt: skip
        code, text = folder.run(**changes)
        assert code == 1
        assert "serial" in text


def test_each_line_counts_by_its_own_serials(folder: Folder) -> None:
    """One line of 4 units in 2 modules, one of 2 units in 2: an average would be 1.5."""
    item = grant(quantities={1: 4}, serials={1: ("M-1", "M-2")}).items[0]
    items = (item, replace(item, line=3, quantity=2, serials=("N-1", "N-2")))
    given = Log().grant(replace(grant(), items=items))
    folder.write("token", cwt_token(given, KEY))
    for serials, units in (("M-1", 2), ("N-1", 1), ("M-1,N-1", 3), ("M-1,M-2", 4), ("N-1,N-2", 2)):
        asked = Asked(HOLDER, "SA", (AskedLine(PRODUCT, units, tuple(serials.split(","))),))
        assert verify_grant(cwt_token(given, KEY), Keys(), NOON, asked).is_granted
        assert folder.run(quantity=units, serials=serials)[0] == 0
    for serials, units in (("M-1,M-2", 3), ("N-1,N-2", 3), ("M-1", 1), ("N-1", 2)):
        asked = Asked(HOLDER, "SA", (AskedLine(PRODUCT, units, tuple(serials.split(","))),))
        assert not verify_grant(cwt_token(given, KEY), Keys(), NOON, asked).is_granted
        assert folder.run(quantity=units, serials=serials)[0] == 1


@FORM
@pytest.mark.parametrize("trust", ["log b.example/ledger+0+AA==\n", "", f"log {ORIGIN}x+0+AA==\n",
                                   f"log {ORIGIN}+0+AA==\n" * 2])  # fmt: skip
def test_a_trust_file_is_for_one_log(folder: Folder, form: str, trust: str) -> None:
    folder.write("token", FORMS[form](logged()[0], KEY))
    folder.write("trust", trust + line(KEY))
    code, text = folder.run()
    assert code == 1
    assert f"log: the grant is of {ORIGIN}" in text


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_signature_has_one_length_and_one_encoding(folder: Folder, algorithm: str) -> None:
    key = KEYS[algorithm]
    folder.trust(line(key))
    token = cwt_token(logged()[0], key)
    size = {"Ed25519": 64, "ES256": 64, "ES384": 96}[algorithm]
    signed, signature = token[: -size - 2], token[-size:]
    assert token[-size - 2 : -size] == bytes((0x58, size))
    half = size // 2
    longer = (
        # The same numbers with zeros before or after them.
        signature[:half] + bytes(1) + signature[half:], signature + bytes(1),
    )  # fmt: skip
    for head, content in (
        (b"\x58" + bytes((size,)), signature[:-1]),
        (b"\x59\0" + bytes((size,)), signature),
        (b"\x5a\0\0\0" + bytes((size,)), signature),
        (b"\x5b" + bytes(7) + bytes((size,)), signature),
        *((bytes((0x58, size + 1)), each) for each in longer),
    ):
        folder.write("token", signed + head + content)
        assert folder.run()[0] == 1
    folder.write("token", jwt_token(logged()[0], key))
    assert folder.run()[0] == 0
    body, _, text = jwt_token(logged()[0], key).rpartition(".")
    raw = base64.urlsafe_b64decode(text + "==") + bytes(1)
    folder.write("token", f"{body}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}")
    assert "signature: it has another length" in folder.run()[1]
    folder.write("token", token)
    assert folder.run()[0] == 0


@FORM
def test_no_grant_holds_for_long(folder: Folder, form: str) -> None:
    for longer, code in ((0, 0), (1, 1)):
        given = Log().grant(replace(grant(), not_after=NOON + 30 * 24 * 3600 + longer))
        folder.write("token", FORMS[form](given, KEY))
        assert folder.run()[0] == code


def test_a_site_is_compared(folder: Folder) -> None:
    folder.write("token", cwt_token(logged(site="Riyadh 2")[0], KEY))
    assert folder.run(site="Riyadh 2")[0] == 0
    assert folder.run(site="Riyadh 3")[0] == folder.run()[0] == 1


def test_a_list_of_revocations_is_read(folder: Folder) -> None:
    given, log = logged()
    other = log.grant(grant(1))
    index = log.revoke(given, "recalled")
    make = partial(revocations_of, log.book(), size=16, root=bytes(32), time=NOON - 7200)
    known = sign_revocations(make(issuer=ISSUER, origin=ORIGIN), KEY)
    folder.write("list", known)
    for form, token in FORMS.items():
        folder.write("token", token(given, KEY))
        code, text = folder.run(revocations="list")
        assert code == 1, form
        assert f"revoked: [{index}, 'recalled']" in text
    folder.write("token", cwt_token(other, KEY))
    code, text = folder.run(revocations="list")
    assert (code, text) == (
        0, "Revocations are known up to 16 entries, 2 hours before.\nGRANTED\n"
    )  # fmt: skip
    elsewhere = sign_revocations(make(issuer=ISSUER, origin="b.example/ledger"), KEY)
    by_another = sign_revocations(make(issuer="https://b.example", origin=ORIGIN), OTHER_KEY)
    for bad, said in (
        (elsewhere, "of another log"),
        (by_another, "no such key"),
        (known[:-1] + bytes((known[-1] ^ 1,)), "signature"),
        (cwt_token(other, KEY), "no chipwarden-revocations+cbor"),
        (sign_revocations(make(issuer=ISSUER, origin=ORIGIN, size=14), KEY), "too old"),
    ):
        folder.write("list", bad)
        code, text = folder.run(revocations="list")
        assert code == 1
        assert said in text


@pytest.mark.parametrize("content", [b"", b"\xd2", b"\xd2\x84", b"a.b.c", b"..", b"\xff", b"{}"])
def test_what_is_no_token_is_refused(folder: Folder, content: bytes) -> None:
    folder.write("token", content)
    assert folder.run()[0] == 1


def test_a_file_that_is_missing_is_no_grant(folder: Folder) -> None:
    code, text = folder.run()
    assert code == 1
    assert "No such file" in text
