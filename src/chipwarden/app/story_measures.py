"""The figures of a chip that rules look at, each with what it rests on."""

from collections.abc import Iterable

from chipwarden.catalog.chips import Chip
from chipwarden.catalog.derivation import Derivation
from chipwarden.catalog.performance import performance_density, total_processing_performance
from chipwarden.catalog.rates import aggregate_io
from chipwarden.decisions.inputs import Data
from chipwarden.model.values import Confidence
from chipwarden.reports.story_facts import Measure

_MEASURED = {
    "item.interconnect_gb_s": "interconnect_gb_s",
    "item.memory_bandwidth_gb_s": "memory_bandwidth_gb_s",
    "item.die_area_mm2": "die_area_mm2",
}


def measures(chip: Chip, data: Data) -> dict[str, Measure]:
    """Return the figures of a chip that rules look at, each with what it rests on."""
    words = data.catalog.vocabulary
    derived = {
        "item.tpp": total_processing_performance(chip, words=words),
        "item.performance_density": performance_density(chip, words=words),
        "item.io_gb_s": aggregate_io(chip, words),
    }
    found = {name: _derived(name, derivation, chip, data) for name, derivation in derived.items()}
    for fact, name in _MEASURED.items():
        figure = chip.figure(name)
        if figure is None:
            found[fact] = Measure(None, None, "no figure on record")
        else:
            found[fact] = Measure(
                figure.value, figure.confidence, _sources(figure.sources, figure.confidence, data)
            )
    return found


def _derived(fact: str, derivation: Derivation, chip: Chip, data: Data) -> Measure:
    if derivation.value is None:
        least = derivation.low if fact == "item.io_gb_s" else None
        said = derivation.reason.statement
        if least is not None:
            known = chip.figure("interconnect_gb_s")
            keys = known.sources if known else ()
            said = f"{said}; {_sources(keys, known.confidence if known else None, data)}"
        return Measure(None, derivation.confidence, said, least)
    used = (derivation.by or "", "die_area_mm2" if fact == "item.performance_density" else "")
    figures = [figure for name in used if (figure := chip.figure(name)) is not None]
    used_keys = [key for figure in figures for key in figure.sources]
    said = f"{derivation.reason.statement}; {_sources(used_keys, derivation.confidence, data)}"
    return Measure(derivation.value, derivation.confidence, said)


def _sources(keys: Iterable[str], confidence: Confidence | None, data: Data) -> str:
    known = data.catalog.sources
    names = dict.fromkeys(known[key].publisher or known[key].title for key in keys if key in known)
    level = f"confidence {confidence.value}" if confidence else "confidence not stated"
    return "; ".join(filter(None, [", ".join(names), level]))
