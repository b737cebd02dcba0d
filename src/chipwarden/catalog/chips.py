"""What the catalog holds: sourced figures, chips, systems.

A figure is a number with its source and a confidence. Where sources disagree
all their figures stay, one of them preferred with a reason:

    chip.figure("fp4_tflops")          the preferred figure, None where unknown
    chip.figures["fp4_tflops"]         all of them, the preferred one first
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from chipwarden.catalog.vocabulary import Process, Source, Vocabulary
from chipwarden.model.values import Confidence


@dataclass(frozen=True, slots=True)
class Figure:
    """One number from one or several sources.

    Attributes:
        name: key of `figures.toml`, which also gives the unit.
        value: the number, exact.
        sources: keys of `sources.toml`, at least one.
        confidence: how far it can be relied on.
        preferred: whether it is the one used where figures conflict.
        reason: why it is preferred, or why it is not; "" where none conflicts.
        note: a remark for the reader.
        bound: "" for a value, "at_least" or "at_most" for a bound.
    """

    name: str
    value: Decimal
    sources: tuple[str, ...]
    confidence: Confidence
    preferred: bool = True
    reason: str = ""
    note: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One integrated circuit (all dies of one package), or one memory stack.

    Unknown text is "", an unknown number or truth value None. All figures are
    per integrated circuit, also where a board carries several.

    Attributes:
        id: the catalog's own key; "own" for a user's chip.
        kind: "ic" or "hbm".
        kind_of_processor: "digital", "risc_v", "quantum", "neuromorphic", "optical", "memory".
        family: title of the file it came from.
        process: the node, with what is known about its transistors.
        ics_per_product: how many of it one board or module carries.
        variant_of: id of the chip of which this is a variant.
        changed: names of the figures that the variant was made to change.
        needs: figures that a control paragraph would need and that do not exist.
        tpp_at_least: why the known rates give only a lower bound, "" where they do not.
        tpp_disputed: why no rate can be preferred, "" where one can.
    """

    id: str
    name: str
    vendor: str = ""
    kind: str = "ic"
    kind_of_processor: str = "digital"
    family: str = ""
    aliases: tuple[str, ...] = ()
    architecture: str = ""
    designer_hq: str = ""
    process: Process | None = None
    die_count: int | None = None
    ics_per_product: int | None = None
    form_factor: str = ""
    compute_capability: str = ""
    memory_type: str = ""
    interconnect_name: str = ""
    host_interface: str = ""
    datacenter_marketed: bool | None = None
    copackaged_with_logic: bool | None = None
    status: str = ""
    announced: date | None = None
    released: date | None = None
    variant_of: str = ""
    changed: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    tpp_at_least: str = ""
    tpp_disputed: str = ""
    note: str = ""
    sources: tuple[str, ...] = ()
    confidence: Confidence = Confidence.UNVERIFIED
    figures: Mapping[str, tuple[Figure, ...]] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )

    def figure(self, name: str) -> Figure | None:
        """Return the preferred figure of this name, None where it is unknown."""
        found = self.figures.get(name)
        return found[0] if found else None

    def value(self, name: str) -> Decimal | None:
        """Return the preferred figure's number, None where it is unknown."""
        found = self.figures.get(name)
        return found[0].value if found else None


@dataclass(frozen=True, slots=True)
class Part:
    """So many chips of one kind inside a system."""

    chip: str
    count: int


@dataclass(frozen=True, slots=True)
class System:
    """A board or a system as the chips that it contains, counted.

    Attributes:
        kind: "board" or "system".
        contains: ids of chips with their counts; hosts' own processors are left out.
    """

    id: str
    name: str
    vendor: str
    kind: str
    contains: tuple[Part, ...]
    aliases: tuple[str, ...] = ()
    status: str = ""
    released: date | None = None
    note: str = ""
    sources: tuple[str, ...] = ()
    confidence: Confidence = Confidence.UNVERIFIED


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Everything in one folder of catalog data.

    Two catalogs are equal only if they are the same object, so that one can
    be a key of a cache; `digest` says whether their data are the same.

    Attributes:
        as_of: the day to which the data were brought up.
        digest: "sha256:" and the digest of the files' names and bytes.
    """

    chips: Mapping[str, Chip]
    systems: Mapping[str, System]
    vocabulary: Vocabulary
    as_of: date
    digest: str

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources of all figures, by key."""
        return self.vocabulary.sources

    def product(self, product_id: str) -> Chip | System | None:
        """Return the chip or system of this id, None where there is none."""
        return self.chips.get(product_id) or self.systems.get(product_id)

    def variants_of(self, chip_id: str) -> tuple[Chip, ...]:
        """Return the chips that were made as variants of this one."""
        return tuple(chip for chip in self.chips.values() if chip.variant_of == chip_id)
