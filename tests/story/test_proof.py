"""The chapter on the proof: what it shows is what the ledger does."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import pairwise
from typing import Any

import cbor2
import pytest
from tests.ledger.rfc6962 import mth, path
from tests.story.made import facts, page, tree
from tests.story.pages import Element, read

from chipwarden.app.story_keys import NAMES
from chipwarden.app.story_log import StoryLog, story_log, trust_in
from chipwarden.ledger.proof_files import FailedProof, read_proof, verify_proof
from chipwarden.ledger.trust import Trust
from chipwarden.reports.story_facts import StoryFacts
from chipwarden.reports.story_proof import proof_chapter
from chipwarden.reports.story_proof_facts import Attempt, ProofChapter, Saying

ATTACKS = ["entry", "tile", "root", "cut", "views", "key", "replay", "revoked"]


def chapter() -> ProofChapter:
    return facts().proof


@cache
def log() -> StoryLog:
    return story_log(facts().roads, facts().known_to)


@cache
def proof() -> bytes:
    return log().proof(chapter().held.index, facts().words["proof"]["opened"])


@cache
def trust() -> Trust:
    return trust_in(log().entries)


def refused_by(content: bytes) -> str:
    """Return the part that refuses a changed proof, "" where it holds."""
    try:
        verify_proof(read_proof(content), trust())
    except FailedProof as refused:
        return refused.part.split(" ")[0]
    return ""


def flipped(at: int, mask: int) -> bytes:
    return proof()[:at] + bytes([proof()[at] ^ mask]) + proof()[at + 1 :]


def section(name: str) -> Element:
    return next(one for one in tree().walk() if one.attributes.get("id") == name)


# ------------------------------------------------------------ the tree


def test_the_entries_are_the_keys_and_then_the_decisions_in_their_order() -> None:
    legs = [(road.short, leg) for road in facts().roads for leg in road.legs]
    keys, decisions = chapter().leaves[:2], chapter().leaves[2:]
    assert [leaf.disposition for leaf in keys] == [None, None]
    assert [(leaf.road, leaf.label, leaf.disposition) for leaf in decisions] == [
        (short, leg.caption, leg.record["disposition"]) for short, leg in legs
    ]
    for leaf, entry in zip(chapter().leaves, log().entries, strict=True):
        assert leaf.hash == sha256(b"\0" + entry).hexdigest()


def test_every_node_is_the_hash_that_rfc_6962_defines() -> None:
    entries = log().entries
    root, *rest = chapter().nodes
    assert (root.start, root.end) == (0, len(entries))
    assert root.hash == mth(entries).hex() == chapter().held.root
    # A tree of n leaves has n - 1 nodes above them.
    assert len(chapter().nodes) == len({(n.start, n.end) for n in chapter().nodes})
    assert len(chapter().nodes) == 2 * len(entries) - 1
    for node in rest:
        assert node.hash == mth(entries[node.start : node.end]).hex()


def test_what_the_proof_holds_is_marked() -> None:
    index, entries = chapter().held.index, log().entries
    marked = {node.hash for node in chapter().nodes if node.role == "proof"}
    assert marked == {node.hex() for node in path(index, entries)}
    for node in chapter().nodes:
        assert (node.role == "path") == (node.start <= index < node.end)


def test_the_drawing_shows_every_hash_and_every_gate() -> None:
    drawing = section("the-tree").all("svg", role="img")[0]
    shown = Counter(one.text() for one in drawing.all("text", class_="digits"))
    wanted = Counter(node.hash[:4] for node in chapter().nodes)
    wanted += Counter(f"✓ {name}" for name in ("the log", *NAMES))
    assert shown == wanted
    gates = Counter((one.attributes["class"] or "").split()[1]
                    for one in drawing.all("circle", class_="gate"))  # fmt: skip
    assert gates == Counter(leaf.disposition for leaf in chapter().leaves if leaf.disposition)
    rows = section("the-tree").all("tbody")[0].all("tr")
    assert len(rows) == len(chapter().leaves)
    for row, leaf in zip(rows, chapter().leaves, strict=True):
        assert leaf.label in row.text() and leaf.hash[:16] in row.text()


# ------------------------------------------------------------ one proof, and every byte of it


def test_the_proof_holds_and_shows_what_was_decided() -> None:
    held = verify_proof(read_proof(proof()), trust())
    record = log().record(held.index)
    assert chapter().held.index == held.index
    assert chapter().held.opened == {
        "disposition": record["disposition"],
        "order.destination": record["order"]["destination"],
    }
    assert list(chapter().held.cosigned) == list(held.checkpoint.cosigned_at) == list(NAMES)
    told = section("one-proof").text()
    assert f"entry {held.index} of a log of {len(log().entries)} entries" in told


def test_the_parts_of_the_file_are_the_whole_file() -> None:
    parts = chapter().file
    assert parts[0].start == 0
    for before, after in pairwise(parts):
        assert after.start == before.start + len(before.refused_by)
    assert parts[-1].start + len(parts[-1].refused_by) == len(proof())
    for part in parts:
        content = proof()[part.start :].decode()
        assert content.lstrip("\n").startswith(part.lines[0].partition(" … ")[0])


def expected() -> Iterator[str]:
    """Yield for each byte what must refuse its change, found without checking a signature.

    A line that is no base64 in its one spelling any more is refused as it is read, and so is
    an opening that is no deterministic CBOR of salt, name and value. All else is refused by
    what binds it.
    """
    head, _, checkpoint = proof().partition(b"\n\n")
    first, statement, *openings = head.split(b"\n")
    yield from ["file"] * (len(first) + 1)
    for line in (statement, *openings):
        word, _, text = line.partition(b" ")
        yield from ["file"] * (len(word) + 1)
        for at in range(len(text)):
            content = canonical_base64(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
            if content is None or (word == b"open" and not is_opening(content)):
                yield "file"
            else:
                yield "receipt" if word == b"statement" else "opening"
        yield "file"
    yield "file"
    yield from ["checkpoint"] * len(checkpoint)


def canonical_base64(text: bytes) -> bytes | None:
    try:
        content = b64decode(text, validate=True)
    except Error:
        return None
    return content if b64encode(content) == text else None


def is_opening(content: bytes) -> bool:
    try:
        value = cbor2.loads(content)
        if cbor2.dumps(value, canonical=True) != content:
            return False
    except (cbor2.CBORDecodeError, ValueError):
        return False
    return (
        isinstance(value, list)
        and [type(one) for one in value] == [bytes, str, bytes]
        and len(value[0]) == 32
    )


def test_each_change_is_refused_by_what_binds_the_byte() -> None:
    found = [name for part in chapter().file for name in part.refused_by]
    wanted = list(expected())
    assert len(found) == len(wanted) == len(proof())
    assert [
        at for at, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1]
    ] == []
    assert {one.part: one.count for one in chapter().refused} == Counter(wanted)
    assert not chapter().accepted


@pytest.mark.parametrize("mask", [0x01, 0x02, 0x10, 0x20, 0x80, 0xFF], ids=hex)
def test_other_changes_of_a_byte_are_refused_too(mask: int) -> None:
    found = [name for part in chapter().file for name in part.refused_by]
    # A prime step, and another start for each change.
    for at in range(mask % 29, len(proof()), 41):
        part = refused_by(flipped(at, mask))
        assert part, (at, mask)
        if mask == 1:
            assert part == found[at]


@pytest.mark.long
def test_every_bit_of_the_proof_is_bound() -> None:
    for at in range(len(proof())):
        for bit in range(8):
            with pytest.raises(FailedProof):
                verify_proof(read_proof(flipped(at, 1 << bit)), trust())


def test_every_byte_left_out_or_put_in_twice_is_refused() -> None:
    for at in range(0, len(proof()), 97):
        assert refused_by(proof()[:at] + proof()[at + 1 :])
        assert refused_by(proof()[: at + 1] + proof()[at:])


def test_examples_are_what_the_verifier_says() -> None:
    for one in chapter().refused:
        assert (chr(proof()[one.at]), chr(proof()[one.at] ^ 1)) == (one.was, one.became)
        with pytest.raises(FailedProof) as wrong:
            verify_proof(read_proof(flipped(one.at, 1)), trust())
        assert str(wrong.value) == one.says


def test_the_squares_are_as_many_as_the_bytes() -> None:
    figure = section("every-byte")
    drawn: Counter[str] = Counter()
    for shape in figure.all("svg", role="img")[0].all("path"):
        name = re.fullmatch(r"url\(#by-(\w+)\)", shape.attributes.get("fill") or "")
        if name:
            widths = re.findall(r"h(\d+)v", shape.attributes["d"] or "")
            drawn[name[1]] += sum(map(int, widths)) // 8
    assert drawn == {one.part: one.count for one in chapter().refused}
    total = f"{len(proof()):,}"
    assert f"{total} bytes, {total} changes: {total} refused, 0 accepted." in figure.text()
    patterns = {e.attributes["id"] for e in figure.all("pattern")}
    assert {f"by-{one.part}" for one in chapter().refused} == patterns


# ------------------------------------------------------------ the whole log


def attempt(found: tuple[Attempt, ...], key: str) -> Attempt:
    return next(one for one in found if one.key == key)


def said(one: Attempt) -> str:
    return "\n".join(f"{s.who}: {s.says}" for s in one.sayings if s.says is not None)


def test_every_attack_of_the_list_was_carried_out_and_noticed() -> None:
    assert [one.key for one in chapter().attacks] == ATTACKS
    assert all(one.noticed for one in chapter().attacks)
    assert f"{len(ATTACKS)} attacks: {len(ATTACKS)} noticed." in section("the-attacks").text()


def test_nobody_finds_anything_in_the_log_as_it_is() -> None:
    assert not chapter().untouched.noticed
    assert len(chapter().untouched.sayings) >= 5


@pytest.mark.parametrize(
    ("key", "words"),
    [
        # fsck names file and entry.
        ("entry", "fsck of the log's public files: tile/entries/000.p/{size}: found entry {index}"),
        ("entry", "checks a proof of the decision: receipt: "),
        ("tile", "fsck of the log's public files: checkpoint: found root {root}"),
        ("tile", "asks the log for the decision: tiles on the way from entry {index} to the root"),
        # C2SP tlog-witness: 409 for another root of a size that is known, and for a size behind
        # the one that is known, which the body tells; 403 for a key that is not the log's.
        ("root", "north: 409: "),
        ("root", "found another history of the first {size} entries"),
        ("root", "checks a proof of the decision: checkpoint: "),
        ("cut", "north: 409 (text/x.tlog.size): {size}"),
        ("cut", "found 8 entries; expected at least the {size} that were signed before"),
        ("views", "north, shown the second history: 409: "),
        ("views", "south, shown the first history: 409: "),
        ("views", "from the first history: checkpoint: "),
        ("views", "Missing: south."),
        ("views", "from the second history: checkpoint: "),
        ("views", "Missing: north."),
        ("key", "north: 403: "),
        ("key", "is not signed by a log of the policy"),
        ("replay", "checkpoint: The signature of witness.example/north does not fit the text"),
        ("replay", "north: 409: "),
        ("revoked", "was revoked at index {after}, superseded"),
        ("revoked", "checks a proof of the decision: statement: "),
    ],
)
def test_who_notices_an_attack(key: str, words: str) -> None:
    size = len(log().entries)
    wanted = words.format(
        size=size, index=chapter().held.index, root=chapter().held.root, after=size + 1
    )
    assert wanted in said(attempt(chapter().attacks, key))


@pytest.mark.parametrize(
    ("key", "who"),
    [
        # A witness sees no entries; files that agree with each other show nothing by themselves.
        ("entry", "witness.example/north"),
        ("tile", "witness.example/north"),
        ("root", "fsck of the log's public files"),
        ("root", "whoever asks the log for the decision"),
        ("cut", "fsck of the log's public files"),
        ("revoked", "witness.example/north"),
    ],
)
def test_who_cannot_see_an_attack_is_named(key: str, who: str) -> None:
    one = attempt(chapter().attacks, key)
    assert [saying.says for saying in one.sayings if saying.who == who] == [None]
    row = next(
        r for r in section("the-attacks").all("tr") if r.attributes.get("data-attempt") == key
    )
    assert who in row.all("td")[-1].text()


def test_how_many_must_work_together_is_what_was_tried() -> None:
    found = {one.key: {s.who: s.says for s in one.sayings} for one in chapter().hands}
    who, kept = (
        "whoever checks a proof of the decision",
        "fsck, with a checkpoint that somebody kept",
    )
    assert "Missing: north, south" in (found["log"][who] or "")
    assert "Missing: south" in (found["one"][who] or "")
    # Here the limit is shown: the policy asks for two, and two collude.
    assert found["all"][who] is None and "another history" in (found["all"][kept] or "")
    assert not attempt(chapter().hands, "issuer").noticed


def shortened(says: str) -> str:
    return re.sub(r"[0-9a-f]{64}", lambda found: f"{found[0][:8]}…", says)


def test_the_page_quotes_everybody() -> None:
    quoted = [q.text() for q in section("the-proof").all("q")]
    wanted = [shortened(s.says) for one in (*chapter().attacks, *chapter().hands)
              for s in one.sayings if s.says is not None]  # fmt: skip
    wanted += [shortened(one.says) for one in chapter().refused]
    assert Counter(quoted) == Counter(wanted)
    assert not section("the-proof").all(class_="alarm")


# ------------------------------------------------------------ what must not happen


def shown_with(**changed: Any) -> Element:
    other: StoryFacts = replace(facts(), proof=replace(chapter(), **changed))
    return read(proof_chapter(other))


def test_a_change_that_is_accepted_is_told_in_red() -> None:
    first = chapter().file[0]
    accepted = replace(first, refused_by=("", *first.refused_by[1:]))
    found = shown_with(accepted=(0,), file=(accepted, *chapter().file[1:]))
    (alarm,) = found.all("p", class_="alarm")
    assert alarm.text().startswith("Accepted although changed: byte 0.")
    assert "1 accepted." in found.text()
    assert found.all("pattern", id="by-accepted")


def test_an_attack_that_nobody_notices_is_told_in_red() -> None:
    blind = tuple(Saying(s.who, None) for s in chapter().attacks[0].sayings)
    silent = replace(chapter().attacks[0], sayings=blind)
    found = shown_with(attacks=(silent, *chapter().attacks[1:]))
    (alarm,) = found.all("strong", class_="alarm")
    assert alarm.text().startswith("Not noticed by anybody")
    assert f"{len(ATTACKS)} attacks: {len(ATTACKS) - 1} noticed." in found.text()


def test_a_fault_in_the_log_as_it_is_is_told_in_red() -> None:
    fault = replace(chapter().untouched, sayings=(Saying("fsck", "a fault"),))
    found = shown_with(untouched=fault)
    assert "a fault" in found.all("strong", class_="alarm")[0].text()


# ------------------------------------------------------------ the same data, the same page


def test_the_same_decisions_give_the_same_log_and_the_same_proof() -> None:
    again = story_log(facts().roads, facts().known_to)
    assert again == log()
    assert again.proof(chapter().held.index, facts().words["proof"]["opened"]) == proof()


def test_the_page_says_that_the_keys_are_examples() -> None:
    assert "The keys are examples made from public words" in section("the-proof").text()
    # What only looks like a key of somebody is not on the page: names are those kept for examples.
    for name in re.findall(r"https?://[\w.]+|\b[\w.]+\.example\b", page()):
        assert name.endswith(".example"), name
