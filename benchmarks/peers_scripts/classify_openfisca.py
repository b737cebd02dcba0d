"""Classify chips with openfisca-core, which runs apart from ours: see benchmarks/rules.py.

Usage: python classify_openfisca.py FOLDER

FOLDER holds `input.json` (the dated parameters, the names of the columns, the epochs) and a file
of doubles a column. It gets `paragraphs.bin`, one byte a row, and the seconds go to standard
output. The time holds building the simulations, one an epoch, and calculating; reading and
writing the files and building the tax and benefit system are left out.
"""

# mypy: ignore-errors
# The framework that it runs under is not in our environment.

import json
import sys
import time
from pathlib import Path

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

CHIP = build_entity("chip", "chips", "An integrated circuit", is_person=True)
NONE, OF_2022, A, B, C = range(5)


def figure(name, kind):
    """Return a variable that is given."""
    fields = {"value_type": kind, "entity": CHIP, "definition_period": DateUnit.DAY, "label": name}
    return type(name, (Variable,), fields)


class paragraph(Variable):
    """The first paragraph of the ladder that holds."""

    value_type = int
    entity = CHIP
    definition_period = DateUnit.DAY
    label = "paragraph of ECCN 3A090"

    def formula_2022_10_21(chip, period, parameters):
        """Rate and input/output together."""
        p = parameters(period)
        holds = (chip("tpp", period) >= p.bit_tops_2022) * (chip("io_gb_s", period) >= p.io_2022)
        return OF_2022 * holds * ~chip("is_hbm", period)

    def formula_2023_11_17(chip, period, parameters):
        """Paragraphs .a and .b with Note 2."""
        return _of_2023(chip, period, parameters(period))

    def formula_2024_12_31(chip, period, parameters):
        """The same with memory under .c, from the day of compliance."""
        p = parameters(period)
        is_c = (
            chip("is_hbm", period)
            * ~chip("copackaged_with_logic", period)
            * (chip("memory_bandwidth_density_gb_s_mm2", period) > p.hbm_density)
        )
        return numpy.where(is_c, C, _of_2023(chip, period, p))


def _of_2023(chip, period, p):
    tpp, density = chip("tpp", period), chip("performance_density", period)
    marketed = chip("datacenter_marketed", period) + (tpp >= p.tpp_note_2)
    in_a = (tpp >= p.tpp_a) + (tpp >= p.tpp_a_with_density) * (density >= p.density_a)
    below_a = density < p.density_a
    in_b = below_a * (
        (tpp >= p.tpp_b_band_1) * (tpp < p.tpp_a) * (density >= p.density_b_band_1)
        + (tpp >= p.tpp_b_band_2) * (density >= p.density_b_band_2)
    )
    logic = ~chip("is_hbm", period) * marketed
    return numpy.where(logic * in_a, A, numpy.where(logic * in_b, B, NONE))


def main():
    """Read, classify, write."""
    folder = Path(sys.argv[1])
    given = json.loads((folder / "input.json").read_text("utf-8"))
    columns = {name: numpy.fromfile(folder / f"{name}.bin") for name in given["columns"]}
    system = TaxBenefitSystem([CHIP])
    system.parameters = ParameterNode("", data=given["parameters"])
    for name, kind in given["columns"].items():
        system.add_variable(figure(name, {"float": float, "bool": bool}[kind]))
    system.add_variable(paragraph)
    epochs = numpy.fromfile(folder / "epoch.bin").astype(int)

    start = time.perf_counter()
    found = numpy.zeros(len(epochs), dtype=numpy.int8)
    for number, day in enumerate(given["epochs"]):
        here = numpy.flatnonzero(epochs == number)
        if len(here):
            simulation = SimulationBuilder().build_default_simulation(system, count=len(here))
            for name, values in columns.items():
                simulation.set_input(name, day, values[here])
            found[here] = simulation.calculate("paragraph", day)
    seconds = time.perf_counter() - start

    found.tofile(folder / "paragraphs.bin")
    print(seconds)


if __name__ == "__main__":
    main()
