"""Total processing performance and performance density, with the arithmetic as reasons.

Total processing performance (TPP) is the dense rate of a precision times the
length of its operands in bits, for the precision where that is highest, over
all dies of one integrated circuit:

    H200: FP8 1979 TFLOPS × 8 bits = 15832

Performance density is TPP over the area of the logic dies that are made on a
node with non-planar transistors: 15832 / 814 mm2 = 19.449631450.
"""

from dataclasses import replace
from decimal import Decimal

from chipwarden.catalog.chips import Chip, Figure
from chipwarden.catalog.derivation import Derivation, lowest, plain, ratio, span
from chipwarden.catalog.loader import load_vocabulary
from chipwarden.catalog.vocabulary import Precision, Vocabulary
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason

AREA = "die_area_mm2"
APPLICABLE_AREA = "applicable_die_area_mm2"


def total_processing_performance(
    chip: Chip, tf32_bits: Decimal | None = None, words: Vocabulary | None = None
) -> Derivation:
    """Return the total processing performance of one integrated circuit.

    Args:
        chip: the chip; its rates are dense and cover all dies of the package.
        tf32_bits: length of a TF32 operand. By default TF32 does not count, as its
            length is an open question; the reason then shows what it would give.
        words: the vocabulary with the bit lengths, by default the packaged one.

    Returns:
        The derivation. It has no value where no rate is known, where the known
        rates give only a lower bound, or where no rate can be preferred.

    Source:
        88 FR 73458, technical note 2 to ECCN 3A090.a and .b.
    """
    words = words or load_vocabulary()
    lines: list[Reason] = []
    products: list[tuple[Decimal, Precision, Figure]] = []
    lows: list[Decimal] = []
    highs: list[Decimal] = []
    for precision in words.precisions:
        figures = chip.figures.get(precision.rate, ())
        bits = precision.bits
        if bits is None:
            bits = tf32_bits
        if figures and bits is None:
            lines.append(_line_of_open_length(precision, figures[0]))
            continue
        if not figures or bits is None:
            continue
        each = [figure.value * bits for figure in figures]
        lines.extend(_line(precision, figure, bits) for figure in figures)
        products.append((each[0], precision, figures[0]))
        lows.append(min(each))
        highs.append(max(each))
    note = _dies(chip)
    if not products:
        return _unknown_performance(chip, lines, words)
    # Of two precisions with the same product the first named leads.
    value, leading, figure = max(products, key=lambda product: product[0])
    low, high = max(lows), max(highs)
    if chip.tpp_at_least or chip.tpp_disputed:
        at_least = bool(chip.tpp_at_least)
        spread = f"at least {plain(low)}" if at_least else f"{plain(low)} to {plain(high)}"
        rates = _rates(words)
        reason = Reason(
            statement=f"Total processing performance is unknown: {spread}",
            outcome=Outcome.UNDETERMINED,
            reference=words.tpp_reference,
            values=(("tpp", None),),
            missing=rates,
            children=tuple(lines),
            note=chip.tpp_at_least or chip.tpp_disputed,
        )
        return Derivation(None, reason, rates, low, None if at_least else high, figure.confidence)
    statement = f"Total processing performance = {plain(value)}, by {leading.label}"
    if low != high:
        statement += f" (figures on record allow {plain(low)} to {plain(high)})"
    reason = Reason(
        statement=statement,
        outcome=Outcome.YES,
        reference=words.tpp_reference,
        values=(("tpp", value),),
        children=tuple(lines),
        note=note,
    )
    return Derivation(value, reason, (), low, high, figure.confidence, leading.rate)


def performance_density(
    chip: Chip, tf32_bits: Decimal | None = None, words: Vocabulary | None = None
) -> Derivation:
    """Return the performance density, in TPP a square millimetre.

    Args:
        chip: the chip; its die area is that of all logic dies of the package.
        tf32_bits: as for `total_processing_performance`.
        words: the vocabulary, by default the packaged one.

    Returns:
        The derivation, with nine places. It has no value where the area or the
        total processing performance is unknown, where the area is 0, and where
        the node is planar, for then no area counts. The same where the node is
        unknown: the area that counts may be smaller, or none.

    Source:
        88 FR 73458, technical notes to ECCN 3A090.
    """
    words = words or load_vocabulary()
    total = total_processing_performance(chip, tf32_bits, words)
    areas = chip.figures.get(AREA, ())
    # The arithmetic of the total stands in its own reason; here its result does.
    parts = (replace(total.reason, children=()), _node(chip))

    def unknown(statement: str, missing: tuple[str, ...], note: str = "") -> Derivation:
        reason = Reason(
            statement=f"Performance density is unknown: {statement}",
            outcome=Outcome.UNDETERMINED,
            reference=words.density_reference,
            values=(("performance_density", None),),
            missing=missing,
            children=parts,
            note=note,
        )
        return Derivation(None, reason, missing)

    if chip.process is not None and chip.process.non_planar is False:
        return unknown(
            "no applicable die area",
            (APPLICABLE_AREA,),
            "Planar transistors: no area counts, and a ratio to nothing is not defined.",
        )
    usable = [figure for figure in areas if figure.value > 0]
    if areas and not usable:
        return unknown("the area is given as 0", (AREA,), "A ratio to nothing is not defined.")
    if total.value is None or not usable:
        missing = total.missing if total.value is None else ()
        what = "total processing performance" if usable else "the area of the logic dies"
        return unknown(f"{what} is unknown", (*missing, *(() if usable else (AREA,))))
    area = usable[0]
    value = ratio(total.value, area.value)
    each = [figure.value for figure in usable]
    low = ratio(total.low, max(each)) if total.low is not None else None
    high = ratio(total.high, min(each)) if total.high is not None else None
    note = area.note
    if area.bound:
        word = "most" if area.bound == "at_least" else "least"
        note = f"The area is {area.bound.replace('_', ' ')} {plain(area.value)} mm2, " + (
            f"so the density is at {word} this."
        )
    if chip.process is None or chip.process.non_planar is None:
        # Planar dies do not count: the area that does may be smaller, or none at all.
        spread = f"{plain(value)} over the whole area, and it is not known which dies are planar"
        return unknown(spread, ("process_node",))
    sum_line = f"{plain(total.value)} / {plain(area.value)} mm2 = {plain(value)}"
    statement = f"Performance density = {sum_line}"
    if low != high:
        statement += f" (figures on record allow {span(low, high)})"
    reason = Reason(
        statement=statement,
        outcome=Outcome.YES,
        reference=words.density_reference,
        values=(("performance_density", value), ("tpp", total.value), (AREA, area.value)),
        children=parts,
        note=note,
    )
    confidence = lowest(c for c in (total.confidence, area.confidence) if c)
    return Derivation(value, reason, (), low, high, confidence, total.by)


def _line(precision: Precision, figure: Figure, bits: Decimal) -> Reason:
    rate = f"{plain(figure.value)} {precision.unit}"
    product = figure.value * bits
    other = "" if figure.preferred else ", not preferred"
    return Reason(
        statement=f"{precision.label}: {rate} × {plain(bits)} bits = {plain(product)}{other}",
        outcome=Outcome.YES,
        values=((precision.rate, figure.value), ("bits", bits), ("product", product)),
        note=figure.reason or figure.note,
    )


def _line_of_open_length(precision: Precision, figure: Figure) -> Reason:
    each = ", ".join(
        f"{plain(figure.value * bits)} at {plain(bits)} bits" for bits in precision.possible_bits
    )
    return Reason(
        statement=f"{precision.label}: {plain(figure.value)} {precision.unit} is not counted",
        outcome=Outcome.YES,
        values=((precision.rate, figure.value),),
        note=f"The length of its operands is an open question: {each}.",
    )


def _unknown_performance(chip: Chip, lines: list[Reason], words: Vocabulary) -> Derivation:
    missing = chip.needs or _rates(words)
    reason = Reason(
        statement="Total processing performance is unknown: no dense rate is known",
        outcome=Outcome.UNDETERMINED,
        reference=words.tpp_reference,
        values=(("tpp", None),),
        missing=missing,
        children=tuple(lines),
        note=chip.note,
    )
    return Derivation(None, reason, missing)


def _rates(words: Vocabulary) -> tuple[str, ...]:
    return tuple(precision.rate for precision in words.precisions if precision.bits is not None)


def _dies(chip: Chip) -> str:
    several = chip.die_count is not None and chip.die_count > 1
    return f"All {chip.die_count} dies of the package count as one circuit." if several else ""


def _node(chip: Chip) -> Reason:
    process = chip.process
    if process is None or process.non_planar is None:
        return Reason(
            statement="It is not known whether transistors are planar",
            outcome=Outcome.UNDETERMINED,
            missing=("process_node",),
            values=(("process_node", process.name if process else None),),
        )
    return Reason(
        statement=f"{process.name}: transistors are not planar",
        outcome=Outcome.of(process.non_planar),
        values=(("process_node", process.name),),
        note=process.note,
    )
