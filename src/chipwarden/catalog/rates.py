"""Rates that follow from figures: all inputs and outputs, memory density, energy.

The rule of 2022 counts the rate over all inputs and outputs except volatile
memory, so the link to the host adds to chip-to-chip links:

    A800: 400 GB/s NVLink + 64 GB/s PCIe 4 x16 = 464 GB/s
"""

from decimal import Decimal

from chipwarden.catalog.chips import Chip, Figure
from chipwarden.catalog.derivation import Derivation, lowest, plain, ratio
from chipwarden.catalog.loader import load_vocabulary
from chipwarden.catalog.performance import total_processing_performance
from chipwarden.catalog.vocabulary import Vocabulary
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason

LINKS = "interconnect_gb_s"
HOST = "host_link_gb_s"
ALL = "io_gb_s"
BANDWIDTH = "memory_bandwidth_gb_s"
STACK_AREA = "package_area_mm2"
POWER = "tdp_w"


def aggregate_io(chip: Chip, words: Vocabulary | None = None) -> Derivation:
    """Return the rate over all inputs and outputs except volatile memory, in GB/s.

    A figure for it is taken as it is. Otherwise it is the sum of chip-to-chip
    links and the link to the host; where the only link is the one to the host
    (its name is PCIe) nothing is added twice.

    Returns:
        The derivation. Where a part is unknown it has no value, and the known
        part is its `low`.

    Source:
        87 FR 62186, ECCN 3A090 of 2022.
    """
    words = words or load_vocabulary()
    given, links, host = chip.figure(ALL), chip.figure(LINKS), chip.figure(HOST)
    if given is not None:
        used: tuple[Figure, ...] = (given,)
    elif links is not None and is_host_link(chip):
        used = (links,)
    else:
        used = tuple(figure for figure in (links, host) if figure is not None)
    total = sum((figure.value for figure in used), Decimal(0))
    missing = (
        ()
        if given is not None or (links is not None and is_host_link(chip))
        else tuple(name for name, part in ((LINKS, links), (HOST, host)) if part is None)
    )
    values = tuple((figure.name, figure.value) for figure in used)
    lines = tuple(_part(chip, figure, words) for figure in used)
    if missing:
        least = total if used else None
        statement = "The rate of all inputs and outputs is unknown"
        if least is not None:
            statement += f": at least {plain(least)} GB/s"
        reason = Reason(
            statement=statement,
            outcome=Outcome.UNDETERMINED,
            reference=words.io_reference,
            values=(*values, ("io_gb_s_at_least", least)),
            missing=missing,
            children=lines,
        )
        return Derivation(None, reason, missing, low=least)
    addends = " + ".join(plain(figure.value) for figure in used)
    equation = f"{addends} = {plain(total)}" if len(used) > 1 else plain(total)
    reason = Reason(
        statement=f"All inputs and outputs but volatile memory: {equation} GB/s",
        outcome=Outcome.YES,
        reference=words.io_reference,
        values=(*values, ("io_gb_s", total)),
        children=lines,
        note="The only link is the one to the host." if is_host_link(chip) else "",
    )
    confidence = lowest(figure.confidence for figure in used)
    return Derivation(total, reason, (), total, total, confidence)


def is_host_link(chip: Chip) -> bool:
    """Whether the chip's only named link is the one to the host."""
    return chip.interconnect_name.upper().startswith("PCIE")


def memory_bandwidth_density(chip: Chip, words: Vocabulary | None = None) -> Derivation:
    """Return the bandwidth of a memory stack over its package's area, in GB/s a mm2.

    Returns:
        The derivation, with nine places. It has no value for a chip that is no
        memory stack, and where bandwidth or area is unknown or 0.

    Source:
        89 FR 96790, ECCN 3A090.c.
    """
    words = words or load_vocabulary()
    title = "Memory bandwidth density"
    key = "memory_bandwidth_density_gb_s_mm2"
    reference = words.memory_density_reference
    if chip.kind != "hbm":
        reason = Reason(
            statement=f"{title} is asked of memory stacks only",
            outcome=Outcome.NO,
            reference=reference,
            values=(("kind", chip.kind),),
        )
        return Derivation(None, reason)
    rates = chip.figures.get(BANDWIDTH, ())
    areas = [area for area in chip.figures.get(STACK_AREA, ()) if area.value > 0]
    if not rates or not areas:
        missing = tuple(n for n, found in ((BANDWIDTH, rates), (STACK_AREA, areas)) if not found)
        reason = Reason(
            statement=f"{title} is unknown",
            outcome=Outcome.UNDETERMINED,
            reference=reference,
            values=((key, None),),
            missing=missing,
        )
        return Derivation(None, reason, missing)
    rate, area = rates[0], areas[0]
    value = ratio(rate.value, area.value)
    reason = Reason(
        statement=f"{title} = {plain(rate.value)} GB/s / {plain(area.value)} mm2 = {plain(value)}",
        outcome=Outcome.YES,
        reference=reference,
        values=((key, value), (BANDWIDTH, rate.value), (STACK_AREA, area.value)),
        note=chip.note,
    )
    return Derivation(
        value,
        reason,
        (),
        ratio(min(r.value for r in rates), max(a.value for a in areas)),
        ratio(max(r.value for r in rates), min(a.value for a in areas)),
        lowest((rate.confidence, area.confidence)),
    )


def energy_per_operation(chip: Chip, words: Vocabulary | None = None) -> Derivation:
    """Return the energy of one operation at full rate, in picojoules.

    It is the thermal design power over the dense rate of the precision that
    leads the total processing performance: a comparison of generations, no
    term of a rule.
    """
    words = words or load_vocabulary()
    total = total_processing_performance(chip, None, words)
    power, rate = chip.figure(POWER), chip.figure(total.by) if total.by else None
    if power is None or rate is None:
        missing = (*((POWER,) if power is None else ()), *(total.missing if rate is None else ()))
        reason = Reason("Energy of an operation is unknown", Outcome.UNDETERMINED, missing=missing)
        return Derivation(None, reason, missing)
    # Watts over 10^12 operations a second are picojoules.
    value = ratio(power.value, rate.value)
    precision = next(p for p in words.precisions if p.rate == total.by)
    reason = Reason(
        statement=(
            f"Energy of an operation = {plain(power.value)} W / {plain(rate.value)} "
            f"{precision.unit} = {plain(value)} pJ at {precision.label}"
        ),
        outcome=Outcome.YES,
        values=((POWER, power.value), (rate.name, rate.value)),
    )
    confidence = lowest((power.confidence, rate.confidence))
    return Derivation(value, reason, (), value, value, confidence, total.by)


def _part(chip: Chip, figure: Figure, words: Vocabulary) -> Reason:
    names = {LINKS: chip.interconnect_name, HOST: chip.host_interface}
    name = names.get(figure.name)
    label = words.figures[figure.name].label
    return Reason(
        statement=f"{label}{f' ({name})' if name else ''}: {plain(figure.value)} GB/s",
        outcome=Outcome.YES,
        values=((figure.name, figure.value),),
        note=figure.note,
    )
