"""The packaged data hold together: sources, confidences, systems."""

from chipwarden.catalog.loader import load_catalog
from chipwarden.model.values import Confidence


def test_every_figure_has_sources_and_a_confidence() -> None:
    catalog = load_catalog()
    count = 0
    for chip in catalog.chips.values():
        for figures in chip.figures.values():
            for figure in figures:
                assert figure.sources, (chip.id, figure.name)
                assert all(key in catalog.sources for key in figure.sources), chip.id
                assert isinstance(figure.confidence, Confidence)
                assert figure.value.is_finite()
                count += 1
    assert count > 1500


def test_every_source_is_used() -> None:
    catalog = load_catalog()
    words = catalog.vocabulary
    used = {words.tpp_reference, words.density_reference}
    used |= {words.memory_density_reference, words.io_reference, "given"}
    for chip in catalog.chips.values():
        used |= set(chip.sources)
        used |= {key for each in chip.figures.values() for f in each for key in f.sources}
    for system in catalog.systems.values():
        used |= set(system.sources)
    used |= {key for process in words.processes.values() for key in process.sources}
    used |= {key for link in words.host_links.values() for key in link.sources}
    used |= set(words.node_rule.sources)
    assert set(catalog.sources) == used


def test_conflicts_have_one_preferred_figure_and_reasons() -> None:
    conflicts = 0
    for chip in load_catalog().chips.values():
        for figures in chip.figures.values():
            if len(figures) > 1:
                conflicts += 1
                assert [figure.preferred for figure in figures].count(True) == 1
                assert figures[0].preferred
                assert all(figure.reason for figure in figures)
                assert len({figure.value for figure in figures}) == len(figures)
    assert conflicts >= 30


def test_areas_of_blackwell_and_of_mi300_say_that_they_are_estimates() -> None:
    chips = load_catalog().chips
    for key in ("nv-b100", "nv-b200", "nv-gb200", "nv-b300", "nv-gb300", "amd-mi300x"):
        area = chips[key].figure("die_area_mm2")
        assert area is not None
        assert area.confidence is Confidence.LOW
    bound = chips["amd-mi325x"].figure("die_area_mm2")
    assert bound is not None
    assert bound.bound == "at_least"


def test_risc_v_and_other_principles_are_there() -> None:
    kinds = [chip.kind_of_processor for chip in load_catalog().chips.values()]
    assert kinds.count("risc_v") == 6
    assert min(kinds.count(kind) for kind in ("quantum", "neuromorphic", "optical")) >= 2


def test_systems_count_chips() -> None:
    catalog = load_catalog()
    expected = {
        "nv-hgx-h100-8": ("nv-h100-sxm", 8),
        "nv-dgx-b200": ("nv-b200", 8),
        "nv-gb200-nvl72": ("nv-gb200", 72),
        "nv-gb300-nvl72": ("nv-gb300", 72),
        "nv-hgx-h20-8": ("nv-h20-96", 8),
        "amd-mi355x-8": ("amd-mi355x", 8),
        "hw-cloudmatrix-384": ("hw-ascend910c", 384),
        "tt-n300-board": ("tt-wormhole-n300", 2),
    }
    for key, (chip, count) in expected.items():
        (part,) = catalog.systems[key].contains
        assert (part.chip, part.count) == (chip, count)
    assert all(system.sources for system in catalog.systems.values())


def test_the_packaged_catalog_is_read_once_and_names_its_bytes() -> None:
    assert load_catalog() is load_catalog()
    assert load_catalog().digest.startswith("sha256:")
    assert load_catalog().as_of.isoformat() == "2026-11-21"
