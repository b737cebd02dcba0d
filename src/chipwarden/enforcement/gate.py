"""May a gate release? Every check is a named step, and all that fail are told.

    verdict = verify_grant(token, keys, at, asked, book, revocations)
    if verdict.is_granted:
        release(verdict.released)

Offline a gate has the keys alone, and perhaps a list of revocations: then nobody knows how
much is used already, and the verdict says so.
"""

from collections.abc import Iterable, Iterator

from chipwarden.enforcement.asked import Asked, meet
from chipwarden.enforcement.gate_keys import GateKeys
from chipwarden.enforcement.grant_counts import CountedUse, GrantCount
from chipwarden.enforcement.grant_statements import Released, commits_to, unit_tag, use_tag
from chipwarden.enforcement.grant_tokens import ReadToken, read_token
from chipwarden.enforcement.grants import Grant, plain_name, same_name
from chipwarden.enforcement.revocations import RevocationList
from chipwarden.enforcement.uses import GrantBook
from chipwarden.enforcement.validity import told
from chipwarden.enforcement.verdicts import Check, Step, Verdict
from chipwarden.ledger.errors import InvalidSignature


def verify_grant(
    token: bytes | str,
    keys: GateKeys,
    at: int,
    asked: Asked,
    book: GrantBook | None = None,
    revocations: RevocationList | None = None,
) -> Verdict:
    """Return whether a token lets go what is asked for.

    Args:
        token: bytes of a CWT or text of a JWT.
        keys: whose signature counts.
        at: the time of the release, POSIX seconds.
        asked: what is to go.
        book: what the log counts, None where it is not at hand.
        revocations: what was revoked up to some place of the log; its signature was checked.

    Raises:
        InvalidGrant: the token cannot be read as a grant.
    """
    found = read_token(token)
    seal = tuple(_seal(found, keys))
    if not any(check.step is Step.SIGNATURE and check.passed for check in seal):
        # What somebody else wrote is not looked at further.
        return Verdict(None, seal)
    grant = found.grant
    count = None if book is None else book.grants.get(grant.id)
    checks = [*seal, *_times(grant, at)]
    notes: list[str] = []
    if book is None:
        notes.append("How much of it is used already is not known without the log.")
    else:
        checks.append(_logged(grant, count, book.origin))
    checks.append(_revoked(grant, count, revocations, at, notes, has_log=book is not None))
    checks += _asked_for(grant, asked)
    before, same = _same_use(grant, asked, count)
    checks += before
    if same is not None:
        # It went already; what is left for others is of no weight to it. What does not go any
        # more is not finished either: then it is refused like any other.
        is_alone = all(check.passed or check.step is Step.USE for check in checks)
        return Verdict(grant, tuple(checks), tuple(notes), counted=same if is_alone else None)
    amounts, released = _amounts(grant, asked, count)
    checks += amounts
    is_granted = all(check.passed for check in checks)
    return Verdict(grant, tuple(checks), tuple(notes), released if is_granted else ())


def _seal(found: ReadToken, keys: GateKeys) -> Iterator[Check]:
    """Yield whether the token is its issuer's word; a signature that holds comes last."""
    grant = found.grant
    index, origin = (grant.logged.index, grant.logged.origin) if grant.logged else (0, "none")
    if origin != keys.origin:
        said = f"it is a grant of the log {origin}, and the keys are known for {keys.origin}"
        yield Check(Step.KEY, False, said)
        return
    try:
        key = keys.key_for(grant.issuer, found.kid, index)
    except InvalidSignature as error:
        yield Check(Step.KEY, False, f"{error}")
        return
    since = keys.revoked_at(grant.issuer, found.kid)
    if since is None:
        yield Check(Step.KEY, True, f"{grant.issuer} could sign with it at index {index}")
    else:
        # Who has the key now may name any earlier index: a short-lived grant is made anew.
        yield Check(
            Step.KEY,
            False,
            f"the key that signed it was revoked at index {since} of the log, after the grant "
            f"(index {index}). Ask its issuer for a new grant",
        )
    try:
        found.verify(key)
    except InvalidSignature as error:
        yield Check(Step.SIGNATURE, False, f"altered, or not signed by {grant.issuer}: {error}")
    else:
        yield Check(Step.SIGNATURE, True, f"signed by {grant.issuer}")


def _times(grant: Grant, at: int) -> Iterator[Check]:
    begins, ends = told(grant.not_before), told(grant.not_after)
    yield Check(
        Step.NOT_YET_VALID, at >= grant.not_before, f"it holds from {begins}; it is {told(at)}"
    )
    yield Check(Step.EXPIRED, at < grant.not_after, f"it holds until {ends}; it is {told(at)}")


def _logged(grant: Grant, count: GrantCount | None, origin: str) -> Check:
    """Return whether the log has this very grant."""
    if grant.logged is None or grant.logged.origin != origin:
        named = grant.logged.origin if grant.logged else "none"
        return Check(Step.LOG, False, f"it is counted in the log {named}, not in {origin}")
    if count is None:
        return Check(Step.LOG, False, f"the log has no grant {grant.id}")
    is_same = (
        grant.logged.index == count.index
        and grant.issuer == count.issuer
        and grant.decision_index == count.decision_index
        and {item.line: item.quantity for item in grant.items} == count.granted
        and (grant.not_before, grant.not_after) == (count.not_before, count.not_after)
        and commits_to(count.commitments, grant)
    )
    if not is_same:
        return Check(Step.LOG, False, f"entry {count.index} of the log grants something else")
    return Check(Step.LOG, True, f"it is entry {count.index} of the log")


def _revoked(
    grant: Grant,
    count: GrantCount | None,
    revocations: RevocationList | None,
    at: int,
    notes: list[str],
    has_log: bool,
) -> Check:
    if count is not None and count.revoked is not None:
        entry = count.revoked
        return Check(Step.REVOKED, False, f"in entry {entry.index} of the log: {entry.reason}")
    if revocations is None:
        if not has_log:
            notes.append("Whether it was revoked is not known without the log or a list.")
        return Check(Step.REVOKED, True, "not known to be revoked")
    if (
        grant.logged is None
        or revocations.origin != grant.logged.origin
        or revocations.issuer != grant.issuer
    ):
        said = (
            f"the list of revocations is by {revocations.issuer} for the log "
            f"{revocations.origin}, and says nothing of this grant. Fetch that of its issuer"
        )
        return Check(Step.REVOKED, False, said)
    known = revocations.entry(grant.id)
    if known is not None:
        return Check(Step.REVOKED, False, f"in entry {known.index} of the log: {known.reason}")
    if revocations.size <= grant.logged.index:
        said = (
            f"the list of revocations knows {revocations.size:,} entries of the log, and is older "
            f"than the grant (entry {grant.logged.index}). Fetch a newer one"
        )
        return Check(Step.REVOKED, False, said)
    notes.append(revocations.told(at))
    return Check(Step.REVOKED, True, "not in the list of revocations")


def _asked_for(grant: Grant, asked: Asked) -> Iterator[Check]:
    is_holder = same_name(grant.holder, asked.holder)
    yield Check(
        Step.HOLDER,
        is_holder,
        f"granted to {grant.holder}" + ("" if is_holder else f", not to {asked.holder}"),
    )
    place = grant.place
    is_there = place.country == asked.country and all(
        meant is None or (said is not None and same_name(meant, said))
        for meant, said in ((place.region, asked.region), (place.site, asked.site))
    )
    wanted = ", ".join(part for part in (asked.site, asked.region, asked.country) if part)
    yield Check(
        Step.PLACE, is_there, f"granted for {place}" + ("" if is_there else f", not for {wanted}")
    )


def _same_use(
    grant: Grant, asked: Asked, count: GrantCount | None
) -> tuple[tuple[Check, ...], CountedUse | None]:
    """Return what is to be said of a use of the same name, and the use if it is the same."""
    if count is None or asked.use_id is None:
        return (), None
    use = count.uses.get(use_tag(grant.seed, asked.use_id))
    if use is None:
        return (), None
    products = {item.line: plain_name(item.product) for item in grant.items}
    counted: dict[str, int] = {}
    for line, units in use.lines.items():
        name = products.get(line, "")
        counted[name] = counted.get(name, 0) + units
    wanted = {plain_name(line.product): line.quantity for line in asked.lines}
    serials = {unit_tag(grant.seed, s) for line in asked.lines for s in line.serials}
    if counted == wanted and serials == use.units:
        said = f"{asked.use_id} is counted already, in entry {use.index} of the log, and not again"
        return (Check(Step.USE, False, said),), use
    said = (
        f"{asked.use_id} was counted for other units, in entry {use.index} of the log. Take "
        "another name for this use"
    )
    return (Check(Step.USE, False, said),), None


def _amounts(
    grant: Grant, asked: Asked, count: GrantCount | None
) -> tuple[list[Check], tuple[Released, ...]]:
    checks: list[Check] = []
    released: list[Released] = []
    for line in asked.lines:
        met = meet(grant, line, count)
        checks += _failed(Step.PRODUCT, met.product)
        checks += _failed(Step.SERIAL, met.serial)
        checks += _failed(Step.QUANTITY, met.quantity)
        if met.released:
            checks.append(Check(Step.QUANTITY, True, met.said))
        released += met.released
    return checks, tuple(sorted(released, key=lambda each: each.line))


def _failed(step: Step, reasons: Iterable[str]) -> Iterator[Check]:
    return (Check(step, False, reason) for reason in reasons)
