"""Replay: an old decision again, from its own order, dates and data.

    replayed = replay(Path("decision.json"), workspace)
    replayed.same            # byte for byte
    replayed.differences     # where not, with both values
    replayed.lacks           # what is not at hand

The data are those of the record's pack: the current ones where they are the same, else the
pack that the workspace kept. Data that were corrected since change nothing in a replay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from chipwarden import __version__
from chipwarden.app.check import Terms, check
from chipwarden.app.data import load_data
from chipwarden.app.packs import DamagedPack, Pack, current_pack, data_of, kept_pack
from chipwarden.app.record_file import StoredDecision, read_record
from chipwarden.decisions.inputs import Data
from chipwarden.model.canonical import canonical_bytes
from chipwarden.model.data_texts import in_use
from chipwarden.model.errors import ChipwardenError

MOST_DIFFERENCES = 50
ABSENT: Final = "(absent)"

_DATA = ("law", "catalog", "lists")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where record and replay differ.

    Attributes:
        path: JSON pointer (RFC 6901) into the record.
        old: what the record holds, "(absent)" where the place is not there.
        new: what the replay gives.
    """

    path: str
    old: Any
    new: Any

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"path": self.path, "old": self.old, "new": self.new}


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to.

    Attributes:
        same: whether the canonical bytes are equal.
        differences: at most 50, in the order of the record.
        lacks: what is not at hand, in words.
        record: the record of the replay; None where it could not be decided again.
        stored: the record that was replayed.
        more: how many differences beyond the first 50.
    """

    same: bool
    differences: tuple[Difference, ...]
    lacks: tuple[str, ...]
    record: Mapping[str, Any] | None
    stored: Mapping[str, Any]
    more: int = 0


def replay(path: Path, workspace: Path | None, rules: Path | None = None) -> Replayed:
    """Return the decision of a record's file made again, compared with the record; see `again`.

    Raises:
        InvalidDocument: the file is no decision record, or its order cannot be read.
    """
    return again(read_record(path), str(path), workspace, rules)


def again(
    stored: StoredDecision, source: str, workspace: Path | None, rules: Path | None = None
) -> Replayed:
    """Return a decision made again, compared with its record.

    Args:
        stored: the decision.
        source: what to call it in problems.
        workspace: where packs are kept, None for none.
        rules: a user's own folder of provisions, looked at as well for the current data.

    Raises:
        InvalidDocument: its order cannot be read.
    """
    lacks: list[str] = []
    evaluator = f"chipwarden {__version__}"
    if stored.evaluator != evaluator:
        lacks.append(f"The evaluator was {stored.evaluator}; this is {evaluator}.")
    pack = _pack_for(stored, workspace, rules, lacks)
    if pack is None:
        return Replayed(False, (), tuple(lacks), None, stored.record)
    record = _again(stored, pack, source, lacks)
    if record is None:
        return Replayed(False, (), tuple(lacks), None, stored.record)
    same = canonical_bytes(record) == stored.content
    found = _differences(stored.record, record) if not same else iter(())
    told = tuple(islice(found, MOST_DIFFERENCES))
    return Replayed(same, told, tuple(lacks), record, stored.record, sum(1 for _ in found))


def _pack_for(
    stored: StoredDecision, workspace: Path | None, rules: Path | None, lacks: list[str]
) -> Pack | None:
    """Return the pack of the record's data, None where it is not at hand."""
    current = current_pack(rules)
    now = load_data(rules)
    changed = _changed(stored, now)
    if stored.pack is None:
        if not changed:
            return current
        lacks.append(f"The record names no data pack, and the data has changed since: {changed}.")
        return None
    if stored.pack == current.digest:
        return current
    where = "no workspace was named" if workspace is None else f"it is not in {workspace / 'packs'}"
    if workspace is not None:
        try:
            kept = kept_pack(stored.pack, workspace)
        except (DamagedPack, OSError) as error:
            lacks.append(f"The data pack {stored.pack}. {error}")
            return None
        if kept is not None:
            return kept
    lacks.append(
        f"The data pack {stored.pack}: {where}. Of the data at hand differ: "
        f"{changed or 'words and names'}."
    )
    return None


def _changed(stored: StoredDecision, now: Data) -> str:
    """Return which data are not those of the record, "" where all are."""
    digests = (now.lawbook.digest, now.catalog.digest, now.starter_set.digest)
    pairs = zip(_DATA, digests, strict=True)
    return ", ".join(name for name, digest in pairs if stored.digests[name] != digest)


def _again(
    stored: StoredDecision, pack: Pack, source: str, lacks: list[str]
) -> dict[str, Any] | None:
    terms = Terms(stored.as_of, stored.known_on, stored.mode, stored.pack)
    try:
        data = data_of(pack)
    except (ChipwardenError, LookupError, TypeError, ValueError, OSError) as error:
        if not lacks:
            raise
        # Another version kept it, which is said already.
        lacks.append(f"This version cannot read the data pack {pack.digest}: {error}")
        return None
    with in_use(pack.texts):
        return check(stored.order, f"{source}: order", data, terms).record


def _differences(old: Any, new: Any, path: str = "") -> Iterator[Difference]:
    """Yield the smallest parts that differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted(old.keys() | new.keys()):
            below = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _differences(old.get(name, ABSENT), new.get(name, ABSENT), below)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else ABSENT
            after = new[index] if index < len(new) else ABSENT
            yield from _differences(before, after, f"{path}/{index}")
    elif canonical_bytes(old) != canonical_bytes(new):
        yield Difference(path, old, new)
