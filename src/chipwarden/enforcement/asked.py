"""What a gate asks for, and how it is met by the lines of a grant.

    Asked("Example Compute Riyadh Co.", "SA", (AskedLine("NVIDIA B200", 40),), use_id="S-4711")

Units are taken by serial number where the grant names them, else line after line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chipwarden.enforcement.grant_counts import GrantCount
from chipwarden.enforcement.grant_statements import Released, unit_tag
from chipwarden.enforcement.grants import Grant, GrantItem, plain_name, same_name


@dataclass(frozen=True, slots=True)
class AskedLine:
    """Units of a product that are to go; serial numbers where the gate reads them.

    Raises:
        ValueError: there is no product or no unit.
    """

    product: str
    quantity: int
    serials: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.product:
            raise ValueError("asked: found no product; expected its name as the grant has it")
        if type(self.quantity) is not int or self.quantity < 1:
            raise ValueError(
                f"asked: found {self.quantity!r} units; expected a whole number from 1"
            )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be released.

    Attributes:
        holder: who asks.
        country: where it goes, ISO 3166-1 alpha-2.
        lines: what goes; each product once.
        region, site: closer than the country, None where the gate does not know.
        use_id: the gate's own name for this release, such as the number of the shipment; None
            where nothing is counted.

    Raises:
        ValueError: nothing is asked for, or a product or a serial number twice.
    """

    holder: str
    country: str
    lines: tuple[AskedLine, ...]
    region: str | None = None
    site: str | None = None
    use_id: str | None = None

    def __post_init__(self) -> None:
        products = [plain_name(line.product) for line in self.lines]
        if not products or len(set(products)) < len(products):
            raise ValueError("asked: expected at least one product, and each once")
        serials = [serial for line in self.lines for serial in line.serials]
        if len(set(serials)) < len(serials):
            raise ValueError("asked: found a serial number twice; expected each once")


@dataclass(frozen=True, slots=True)
class Met:
    """How one asked line is met.

    Attributes:
        released: what goes by line of the grant; () where anything stands in the way.
        product, serial, quantity: what stands in the way, in words; () where nothing does.
        said: the count, in words.
    """

    released: tuple[Released, ...]
    product: tuple[str, ...] = ()
    serial: tuple[str, ...] = ()
    quantity: tuple[str, ...] = ()
    said: str = ""


def meet(grant: Grant, asked: AskedLine, count: GrantCount | None) -> Met:
    """Return how a line is met by what is left of a grant.

    Args:
        grant: the grant.
        asked: what is asked for.
        count: of the grant in the log, None where no log is at hand; then all is left.
    """
    items = [item for item in grant.items if same_name(item.product, asked.product)]
    if not items:
        known = ", ".join(dict.fromkeys(item.product for item in grant.items))
        return Met((), product=(f"{asked.product} is not granted; granted is {known}",))
    left = {item.line: item.quantity if count is None else count.left(item.line) for item in items}
    shares = _shares(items, asked, left)
    said = _told(items, asked, count)
    serial = tuple(_serial_problems(grant, items, asked, count))
    quantity = tuple(_quantity_problems(items, asked, shares, left, said))
    if serial or quantity:
        return Met((), serial=serial, quantity=quantity, said=said)
    released: list[Released] = []
    for item in items:
        # Numbers that the grant does not know are kept with the first line that goes.
        known_here = frozenset(item.serials or (() if released else asked.serials))
        serials = tuple(serial for serial in asked.serials if serial in known_here)
        if share := shares[item.line]:
            released.append(Released(item.line, item.product, share, serials))
    return Met(tuple(released), said=said)


def _shares(items: list[GrantItem], asked: AskedLine, left: Mapping[int, int]) -> dict[int, int]:
    """Return the units by line: those of the serials, or the lines filled one after the other."""
    if items[0].serials:
        wanted = frozenset(asked.serials)
        return {
            item.line: len(wanted.intersection(item.serials)) * item.units_per_serial
            for item in items
        }
    shares = {}
    still = asked.quantity
    for item in items:
        shares[item.line] = min(still, left[item.line])
        still -= shares[item.line]
    return shares


def _serial_problems(
    grant: Grant, items: list[GrantItem], asked: AskedLine, count: GrantCount | None
) -> Iterable[str]:
    granted = {serial for item in items for serial in item.serials}
    if granted and not asked.serials:
        yield (
            f"{asked.product}: the grant names its units by serial number. Name those that are "
            "to go"
        )
    for serial in asked.serials:
        if granted and serial not in granted:
            yield f"{asked.product}, serial {serial}: not granted"
        use = None if count is None else count.units.get(unit_tag(grant.seed, serial))
        if use is not None:
            yield f"{asked.product}, serial {serial}: went already (entry {use.index} of the log)"


def _quantity_problems(
    items: list[GrantItem],
    asked: AskedLine,
    shares: Mapping[int, int],
    left: Mapping[int, int],
    said: str,
) -> Iterable[str]:
    if asked.quantity > sum(left.values()) or any(shares[line] > left[line] for line in left):
        yield f"overdrawn. {said}"
    elif items[0].serials and asked.serials and sum(shares.values()) != asked.quantity:
        yield (
            f"{asked.product}: {asked.quantity:,} asked, but the granted serial numbers among "
            f"them stand for {sum(shares.values()):,}"
        )


def _told(items: list[GrantItem], asked: AskedLine, count: GrantCount | None) -> str:
    granted = sum(item.quantity for item in items)
    if count is None:
        return f"{asked.product}: granted {granted:,}, asked {asked.quantity:,}"
    used = sum(count.used.get(item.line, 0) for item in items)
    left = sum(count.left(item.line) for item in items)
    return (
        f"{asked.product}: granted {granted:,}, used {used:,}, asked {asked.quantity:,}, "
        f"left {left:,}"
    )
