"""Attacks on a log's readers by way of its witnesses, and witnesses that misbehave."""

from pathlib import Path
from threading import Event

import httpx
import pytest
from tests.ledger.histories import FORK, NOW, ORIGIN, TRUTH, History, cosigner, policy_text
from tests.ledger.histories import private_key as key_of
from tests.ledger.witness_servers import Network

from chipwarden.app.witnessing import Witnessed, collect_cosignatures
from chipwarden.ledger.errors import InvalidSignature, LogUnavailable, UntrustedCheckpoint
from chipwarden.ledger.note_keys import Ed25519Signer
from chipwarden.ledger.notes import add_signatures, note_bytes, sign
from chipwarden.ledger.policies import Policy, read_policy

NAMES = ("north", "south")


def both(network: Network, count: str = "all") -> Policy:
    return read_policy(policy_text(list(network.states), count, network.urls()))


def collect(
    network: Network, history: History, size: int, count: str = "all", **more: object
) -> Witnessed:
    policy = more.pop("policy", None) or both(network, count)
    with network.client() as client:
        return collect_cosignatures(
            history.note(size), policy, history.proof, client, **more  # type: ignore[arg-type]
        )  # fmt: skip


def test_a_log_that_tells_one_story_has_its_quorum(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    sizes: dict[str, int] = {}
    for size in (0, 1, 5, 5, 12, 40):
        found = collect(network, TRUTH, size, sizes=sizes)
        assert found.is_met and all(report.cosigned for report in found.reports)
        trusted = both(network).check(note_bytes(found.note))
        assert trusted.cosigned_at == dict.fromkeys(NAMES, NOW)
        assert found.sizes == dict.fromkeys(NAMES, size) == network.sizes()
        sizes = dict(found.sizes)
    # Who remembers the sizes asks each witness once.
    assert len(network.requests) == 2 * 6


def test_a_split_view_never_has_two_quorums(tmp_path: Path) -> None:
    """North is shown the one history, south the other; each refuses the other's."""
    network = Network(tmp_path, *NAMES)
    alone = {
        name: read_policy(policy_text([name], urls=[f"https://{name}.example"])) for name in NAMES
    }
    assert collect(network, TRUTH, 9, policy=alone["north"]).is_met
    assert collect(network, FORK, 9, policy=alone["south"]).is_met
    for size in (9, 12):
        for history, refusing in ((TRUTH, "south"), (FORK, "north")):
            found = collect(network, history, size, everyone=True)
            assert not found.is_met
            (report,) = [one for one in found.reports if not one.cosigned]
            assert report.name == refusing
            with pytest.raises(UntrustedCheckpoint) as wrong:
                both(network).check(note_bytes(found.note))
            assert wrong.value.missing == (refusing,)
    # Each has what convicts the log.
    for name, shown in (("north", FORK), ("south", TRUTH)):
        forks = [one for _, one in network.states[name].evidence() if one.kind == "fork"]
        assert forks[0].shown == note_bytes(shown.note(9))


def test_a_split_view_at_different_sizes_is_seen_too(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    assert collect(network, TRUTH, 9).is_met
    found = collect(network, FORK, 13, everyone=True)
    assert [report.cosigned for report in found.reports] == [False, False]
    assert all("422" in report.why for report in found.reports)
    for state in network.states.values():
        assert [one.kind for _, one in state.evidence()] == ["unproved"]


def test_a_rolled_back_log_is_told_so(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    assert collect(network, TRUTH, 12).is_met
    for remembered in ({}, dict.fromkeys(NAMES, 7), dict.fromkeys(NAMES, 12)):
        found = collect(network, TRUTH, 7, sizes=remembered)
        assert not found.is_met and network.sizes() == dict.fromkeys(NAMES, 12)
        assert all("rolled back" in report.why for report in found.reports)


def test_a_swapped_log_key_is_refused(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    thief = History(TRUTH.entries, Ed25519Signer(ORIGIN, key_of(7)))
    found = collect(network, thief, 5)
    assert not found.is_met and network.sizes() == {"north": None, "south": None}
    assert all("403" in report.why for report in found.reports)
    # And if witnesses were bribed to cosign it, the policy still knows the log's key.
    bribed = sign(thief.note(5).text, [thief.signer, *map(cosigner, NAMES)], NOW)
    with pytest.raises(UntrustedCheckpoint, match="not signed by a log"):
        both(network).check(note_bytes(bribed))


def test_a_cosignature_replayed_on_another_checkpoint_is_refused(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    old = collect(network, TRUTH, 5).note

    def replay(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=old.signatures[2].line().encode())

    network.broken["south"] = replay
    found = collect(network, TRUTH, 9)
    assert not found.is_met
    assert [report.cosigned for report in found.reports] == [True, False]
    assert "does not fit" in found.reports[1].why
    # The log puts it there itself.
    forged = add_signatures(found.note, [old.signatures[2]])
    with pytest.raises(InvalidSignature, match="south"):
        both(network).check(note_bytes(forged))


def test_two_of_three_stand_a_witness_that_is_gone(tmp_path: Path) -> None:
    network = Network(tmp_path, "north", "south", "east")

    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    network.broken["south"] = gone
    found = collect(network, TRUTH, 9, "2", everyone=True)
    assert found.is_met
    assert [(report.name, report.cosigned) for report in found.reports] == [
        ("north", True), ("south", False), ("east", True),
    ]  # fmt: skip
    assert "connection refused" in found.reports[1].why
    both(network, "2").check(note_bytes(found.note))
    # It catches up when it is back.
    network.broken.clear()
    assert all(one.cosigned for one in collect(network, TRUTH, 12, everyone=True).reports)


def test_nobody_waits_for_a_witness_that_hangs(tmp_path: Path) -> None:
    network = Network(tmp_path, "north", "south", "east")
    end = Event()

    def hang(request: httpx.Request) -> httpx.Response:
        end.wait(60)
        return httpx.Response(500)

    network.broken["south"] = hang
    try:
        enough = collect(network, TRUTH, 9, "2")
        assert enough.is_met and "the others were enough" in enough.reports[1].why
        # All three are asked for, and patience ends first.
        short = collect(network, TRUTH, 9, "all", patience_s=0.5)
        assert not short.is_met and "in time" in short.reports[1].why
        assert [report.cosigned for report in short.reports] == [True, False, True]
    finally:
        end.set()


def test_a_witness_that_is_ahead_of_what_we_remember_is_asked_once_more(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    assert collect(network, TRUTH, 12).is_met
    network.requests.clear()
    found = collect(network, TRUTH, 20, sizes={"north": 5})
    assert found.is_met and found.sizes == dict.fromkeys(NAMES, 20)
    assert len(network.requests) == 4
    # One that always names another size is not run after.
    network.requests.clear()
    answers = iter(range(1, 100))
    network.broken["south"] = lambda request: httpx.Response(
        409, headers={"Content-Type": "text/x.tlog.size"}, content=f"{next(answers)}\n".encode()
    )
    found = collect(network, TRUTH, 30, everyone=True)
    assert not found.is_met and "409" in found.reports[1].why
    assert [name for name, _ in network.requests].count("south") == 2


NONSENSE = {
    "an error page": httpx.Response(500, content=b"<html>\x1b[31mError</html>"),
    "nothing": httpx.Response(200, content=b""),
    "a page": httpx.Response(200, content=b"<html></html>"),
    "no size": httpx.Response(
        409, headers={"Content-Type": "text/x.tlog.size"}, content=b"lots\n"
    ),
    "a negative size": httpx.Response(
        409, headers={"Content-Type": "text/x.tlog.size"}, content=b"-1\n"
    ),
    "a conflict without size": httpx.Response(409, content=b"5\n"),
    "a redirect": httpx.Response(302, headers={"Location": "https://evil.example/"}),
    "too much": httpx.Response(200, content=b"x" * 1_000_001),
    "a stranger's cosignature": httpx.Response(
        200,
        content=sign(TRUTH.note(9).text, [cosigner("east")], NOW).signatures[0].line().encode(),
    ),
    "the log's own signature": httpx.Response(
        200, content=TRUTH.note(9).signatures[0].line().encode()
    ),
    "a cosignature and a longer text": httpx.Response(
        200,
        content=b"more\n\n"
        + sign(f"{TRUTH.note(9).text}\nmore\n", [cosigner("south")], NOW)
        .signatures[0].line().encode(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_of_a_witness_is_reported_and_does_no_harm(tmp_path: Path, name: str) -> None:
    network = Network(tmp_path, *NAMES)
    network.broken["south"] = lambda request: httpx.Response(
        NONSENSE[name].status_code, headers=NONSENSE[name].headers, content=NONSENSE[name].content
    )
    found = collect(network, TRUTH, 9, everyone=True)
    assert [report.cosigned for report in found.reports] == [True, False]
    assert found.reports[1].why.isprintable() and found.reports[1].why
    assert (
        found.note.signatures[1:] == sign(TRUTH.note(9).text, [cosigner("north")], NOW).signatures
    )
    assert found.sizes == {"north": 9}


def test_witnesses_without_an_address_are_reported(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    found = collect(network, TRUTH, 9, policy=read_policy(policy_text(NAMES)))
    assert not found.is_met and network.requests == []
    assert all("no address" in report.why for report in found.reports)


def test_a_policy_without_quorum_asks_all_the_same(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    text = policy_text(NAMES, urls=network.urls()).replace("quorum enough", "quorum none")
    found = collect(network, TRUTH, 9, policy=read_policy(text))
    assert found.is_met and all(report.cosigned for report in found.reports)


def test_a_proof_that_cannot_be_made_is_said_of_that_witness(tmp_path: Path) -> None:
    network = Network(tmp_path, *NAMES)
    assert collect(network, TRUTH, 5).is_met

    def no_proof(old: int, new: int) -> list[bytes]:
        raise LogUnavailable(f"no tile between {old} and {new}")

    with network.client() as client:
        found = collect_cosignatures(TRUTH.note(9), both(network), no_proof, client)
    assert [report.why for report in found.reports] == ["no tile between 5 and 9"] * 2
