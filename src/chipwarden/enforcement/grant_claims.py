"""Reading a grant from its claims; what is not wholly as it must be is refused."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError, convert

from chipwarden.enforcement.errors import InvalidGrant
from chipwarden.enforcement.grants import (
    CLAIM,
    MOST_LINES,
    MOST_SERIALS,
    Grant,
    GrantItem,
    Logged,
    Place,
    id_bytes,
    item_problems,
)
from chipwarden.enforcement.validity import DAY_S, LONGEST_VALIDITY_S

# A number beyond this has no exact spelling in JSON.
_Index = Annotated[int, Meta(ge=0, le=2**53 - 1)]
# Up to the end of the year 9999: what is beyond cannot be told to people.
_Time = Annotated[int, Meta(ge=0, le=253_402_300_799)]
_Count = Annotated[int, Meta(ge=1, le=2**53 - 1)]
# One line, without what steers a screen or turns the direction of writing.
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+\Z"
_Text = Annotated[str, Meta(pattern=_LINE, max_length=500)]
_Serial = Annotated[str, Meta(pattern=_LINE, max_length=100)]
# As a statement of the log names its issuer.
_Name = Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z")]
_Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
_Digest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}\Z")]
_Seed = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _Decision(Struct, forbid_unknown_fields=True):
    index: _Index
    digest: _Digest


class _Item(Struct, forbid_unknown_fields=True):
    line: _Count
    product: _Text
    eccn: _Text | None
    quantity: _Count
    serials: Annotated[tuple[_Serial, ...], Meta(max_length=MOST_SERIALS)]


class _Place(Struct, forbid_unknown_fields=True):
    country: _Country
    region: _Text | None
    site: _Text | None


class _Log(Struct, forbid_unknown_fields=True):
    origin: _Text
    index: _Index


class _Grant(Struct, forbid_unknown_fields=True):
    schema: Literal["chipwarden.grant/1"]
    order: _Text
    decision: _Decision
    items: Annotated[tuple[_Item, ...], Meta(min_length=1, max_length=MOST_LINES)]
    holder: _Text
    place: _Place
    obligations: tuple[Annotated[str, Meta(max_length=10_000)], ...]
    log: _Log | None
    seed: _Seed


class _Claims(Struct, forbid_unknown_fields=True, rename={"grant": CLAIM}):
    iss: _Name
    sub: str
    exp: _Time
    nbf: _Time
    iat: _Time
    grant: _Grant


def grant_of(claims: Any) -> Grant:
    """Return the grant of its claims, as `Grant.claims` gives them.

    Raises:
        InvalidGrant: it is no grant; nothing is guessed.
    """
    try:
        found = convert(claims, _Claims)
    except ValidationError as error:
        raise InvalidGrant(f"grant: {error}. Ask its issuer for another.") from None
    id_bytes(found.sub)
    grant = found.grant
    items = tuple(
        GrantItem(item.line, item.product, item.eccn, item.quantity, item.serials)
        for item in grant.items
    )
    wrong = item_problems(items)
    if found.nbf >= found.exp:
        wrong.append(f"it ends ({found.exp}) before it begins ({found.nbf})")
    elif found.exp - found.nbf > LONGEST_VALIDITY_S:
        wrong.append(f"it holds for more than {LONGEST_VALIDITY_S // DAY_S} days")
    if wrong:
        raise InvalidGrant(f"grant {found.sub}: {'; '.join(wrong)}. Ask its issuer for another.")
    return Grant(
        id=found.sub,
        issuer=found.iss,
        decision_index=grant.decision.index,
        decision_digest=grant.decision.digest,
        order_id=grant.order,
        items=items,
        holder=grant.holder,
        place=Place(grant.place.country, grant.place.region, grant.place.site),
        obligations=grant.obligations,
        issued_at=found.iat,
        not_before=found.nbf,
        not_after=found.exp,
        seed=bytes.fromhex(grant.seed),
        logged=None if grant.log is None else Logged(grant.log.origin, grant.log.index),
    )
