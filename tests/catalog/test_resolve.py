"""What people write, and what it means."""

import pytest

from chipwarden.catalog.chips import Chip, System
from chipwarden.catalog.loader import load_catalog
from chipwarden.catalog.names import resolve

A100 = "nv-a100-sxm-40 nv-a100-sxm-80 nv-a100-pcie-40 nv-a100-pcie-80"
H100 = "nv-h100-sxm nv-h100-pcie nv-h100-nvl nv-h100-sxm-64 nv-h100-cnx"
B910 = "hw-ascend910b hw-ascend910b-pro hw-ascend910b1 hw-ascend910b2 hw-ascend910b3 hw-ascend910b4"
DT950 = "hw-ascend950dt-36 hw-ascend950dt-32 hw-ascend950dt-28"

SPELLINGS = [
    # by id, by full name
    ("nv-h200-sxm", "nv-h200-sxm"),
    ("H200 SXM 141GB", "nv-h200-sxm"),
    ("Instinct MI300X", "amd-mi300x"),
    ("GeForce RTX 4090", "nv-rtx4090"),
    # capitals, vendor, spaces, hyphens, marks
    ("NVIDIA H200 SXM", "nv-h200-sxm"),
    ("nvidia h200 sxm5 141 GB", "nv-h200-sxm"),
    ("H200-SXM-141GB", "nv-h200-sxm"),
    ("Nvidia H200 NVL", "nv-h200-nvl"),
    ("  NVIDIA   L40S ", "nv-l40s"),
    ("NVIDIA® L4 GPU", "nv-l4"),
    ("AMD Instinct™ MI325X accelerator", "amd-mi325x"),
    ("AMD MI-300X", "amd-mi300x"),
    ("mi355x", "amd-mi355x"),
    ("MI308X", "amd-mi308x"),
    ("NVIDIA A100-SXM4-80GB", "nv-a100-sxm-80"),
    ("NVIDIA A100-PCIE-40GB", "nv-a100-pcie-40"),
    ("Tesla V100-SXM2-32GB", "nv-v100-sxm2-32"),
    ("NVIDIA H100 80GB HBM3", "nv-h100-sxm"),
    ("NVIDIA H100 NVL", "nv-h100-nvl"),
    ("Tesla T4", "nv-t4"),
    ("T4", "nv-t4"),
    ("RTX A6000", "nv-rtxa6000"),
    ("RTX 6000 Ada Generation", "nv-rtx6000ada"),
    ("RTX 6000 Ada", "nv-rtx6000ada"),
    ("4090", "nv-rtx4090"),
    ("RTX4090", "nv-rtx4090"),
    ("RTX 4090D", "nv-rtx4090d"),
    ("RTX 4090 D", "nv-rtx4090d"),
    ("GeForce RTX 5090 D", "nv-rtx5090d"),
    ("RTX 5090D V2", "nv-rtx5090d-v2"),
    ("RTX PRO 6000D", "nv-rtx6000d"),
    ("B30A", "nv-b30a"),
    ("NVIDIA B200 GPU", "nv-b200"),
    ("B200 180 GB", "nv-b200"),
    ("GB200", "nv-gb200"),
    ("NVIDIA GB300 Superchip", "nv-gb300"),
    ("Vera Rubin", "nv-rubin"),
    ("Gaudi 3", "intel-gaudi3"),
    ("Habana Gaudi2", "intel-gaudi2"),
    ("Intel Data Center GPU Max 1550", "intel-max1550"),
    ("Google Cloud TPU v5e", "google-tpu-v5e"),
    ("Ironwood", "google-tpu-v7"),
    ("Trillium", "google-tpu-v6e"),
    ("AWS Trainium2", "aws-trn2"),
    ("Trn3", "aws-trn3"),
    ("Microsoft Azure Maia 200", "ms-maia200"),
    ("WSE-3", "cerebras-wse3"),
    ("Cerebras CS-3", "cerebras-wse3"),
    ("Tenstorrent Blackhole p150b", "tt-blackhole-p150b"),
    ("Huawei Ascend 910C", "hw-ascend910c"),
    ("910C", "hw-ascend910c"),
    ("昇腾910C", "hw-ascend910c"),
    ("华为 昇腾 910C", "hw-ascend910c"),
    ("Ascend 910B3", "hw-ascend910b3"),
    ("Ascend 950PR", "hw-ascend950pr"),
    ("Cambricon MLU370-X8", "camb-mlu370-x8"),
    ("思元590", "camb-mlu590"),
    ("Siyuan 590", "camb-mlu590"),
    ("Biren BR100", "biren-br100"),
    ("Moore Threads MTT S4000", "mt-s4000"),
    ("Kunlun P800", "baidu-p800"),
    ("Baidu Kunlunxin P800", "baidu-p800"),
    ("Zhenwu 810E", "alibaba-ppu"),
    ("HBM3E", "hbm3e-stack"),
    ("IBM Heron", "ibm-heron-r2"),
    ("BrainChip Akida", "brainchip-akd1000"),
    # systems
    ("HGX H20", "nv-hgx-h20-8"),
    ("NVIDIA DGX H100", "nv-dgx-h100"),
    ("HGX B300 NVL16", "nv-hgx-b300-8"),
    ("GB200 NVL72", "nv-gb200-nvl72"),
    ("CloudMatrix 384", "hw-cloudmatrix-384"),
    ("Huawei Atlas 900 A3 SuperPoD", "hw-cloudmatrix-384"),
    ("AMD MI300X Platform", "amd-mi300x-8"),
    # names that do not tell variants apart
    ("NVIDIA A100", A100),
    ("A100 80GB", "nv-a100-sxm-80 nv-a100-pcie-80"),
    ("NVIDIA H100 Tensor Core GPU", H100),
    ("H200", "nv-h200-sxm nv-h200-nvl"),
    ("Nvidia H200 141GB", "nv-h200-sxm nv-h200-nvl"),
    ("A800", "nv-a800-sxm-80 nv-a800-pcie-80 nv-a800-pcie-40"),
    ("H800", "nv-h800-sxm nv-h800-pcie"),
    ("H20", "nv-h20-96 nv-h20-141"),
    ("Ascend 910B", B910),
    ("Ascend 950DT", DT950),
    ("Blackhole p150", "tt-blackhole-p150a tt-blackhole-p150b"),
    ("NVL72", "nv-gb200-nvl72 nv-gb300-nvl72"),
    ("DGX A100", "nv-dgx-a100-320 nv-dgx-a100-640"),
]


@pytest.mark.parametrize(("written", "meant"), SPELLINGS)
def test_spellings(written: str, meant: str) -> None:
    found = resolve(load_catalog(), written)
    assert {product.id for product in found.variants} == set(meant.split())
    assert found.near == ()


def test_there_are_enough_spellings() -> None:
    assert len({written for written, _ in SPELLINGS}) >= 60


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("H300", "H200"),
        ("MI333X", "Instinct MI300X"),
        ("Ascend 911C", "Ascend 910C"),
        ("RTX 4091", "GeForce RTX 4090"),
    ],
)
def test_an_unknown_name_offers_near_ones_and_takes_none(written: str, near: str) -> None:
    found = resolve(load_catalog(), written)
    assert found.variants == ()
    assert 1 <= len(found.near) <= 5
    assert near in found.near


@pytest.mark.parametrize("written", ["", "   ", "NVIDIA", "GPU", "???", "x" * 10_000])
def test_a_name_that_says_nothing_fits_nothing(written: str) -> None:
    assert resolve(load_catalog(), written).variants == ()


@pytest.mark.parametrize("written", ["RTX 4090 Laptop", "RTX 6000", "A100X 40GB", "H20 200GB"])
def test_a_name_with_something_more_is_not_taken_for_one_with_less(written: str) -> None:
    assert resolve(load_catalog(), written).variants == ()


def test_every_name_and_alias_finds_its_own_product() -> None:
    catalog = load_catalog()
    products: list[Chip | System] = [*catalog.chips.values(), *catalog.systems.values()]
    for product in products:
        for written in (product.id, product.name, *product.aliases):
            found = {variant.id for variant in resolve(catalog, written).variants}
            assert product.id in found, written


def test_no_two_chips_share_a_full_name() -> None:
    names = [chip.name for chip in load_catalog().chips.values()]
    assert len(names) == len(set(names))
