"""The normal form of names: what is one name, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipwarden.parties.names import NormalName, full_name, normal_name

SAME = [
    # spelling, the same name
    ("Huawei Technologies Co., Ltd.", "HUAWEI TECHNOLOGIES CO LTD"),
    ("Huawei Technologies Co., Ltd.", "Huawei Technologies Company Limited"),
    ("Huawei Technologies Co., Ltd.", "The Huawei  Technologies,\u00a0Co.,Ltd"),
    ("Huawei Technologies Co., Ltd.", "Ｈｕａｗｅｉ Technologies Co．， Ltd．"),
    ("Sophgo Technologies Pte. Ltd.", "Sophgo Technologies PTE LTD"),
    ("Example Systems Sdn Bhd", "EXAMPLE SYSTEMS SDN. BHD."),
    ("Huawei Technologies Coöperatief U.A.", "Huawei Technologies Cooperatief UA"),
    ("Huawei Technologies Deutschland GmbH", "Huawei Technologies Deutschland"),
    ("Huawei Technologies (Bolivia) S.R.L.", "Huawei Technologies Bolivia SRL"),
    ("Huawei Technologies De Mexico S.A.", "Huawei Technologies de México, S. A. de C. V."),
    ("Xi'an Huawei Technologies Co., Ltd.", "Xi\u2019an Huawei Technologies Co., Ltd."),
    ("Xi'an Huawei Technologies Co., Ltd.", "Xian Huawei Technologies"),
    ("SMIC Advanced Technology R&D (Shanghai)", "SMIC Advanced Technology R & D Shanghai"),
    ("SMIC Advanced Technology R&D (Shanghai)", "SMIC Advanced Technology R and D [Shanghai]"),
    ("PJSC Mikron", "Mikron PJSC"),
    ("Joint Stock Company Angstrem", "Angstrem JSC"),
    ("Joint Stock Company Angstrem", "AO Angstrem"),
    ("Huawei do Brasil Telecomunicacões Ltda", "HUAWEI DO BRASIL TELECOMUNICACOES LTDA."),
    ("Yıldız Çip Ltd. Şti.", "YILDIZ CIP LTD STI"),
    ("华为技术有限公司", "华为技术"),
    ("曙光信息产业股份有限公司", "曙光信息产业 股份有限公司"),
    ("株式会社例", "例株式会社"),
]

LOOK_ALIKES = [
    # Cyrillic and Greek letters in Latin words
    ("Нuawei", "Huawei"),
    ("Huаwеі", "Huawei"),
    ("ЅМІС", "SMIC"),
    ("ΒΙREΝ Technology", "Biren Technology"),
    ("Cambricοn", "Cambricon"),
    # invisible characters
    ("Hua\u200bwei", "Huawei"),
    ("\ufeffHua\u00adwei\u200f", "Huawei"),
    ("Hua\u2060w\ufe0fei", "Huawei"),
    ("Huawei\u3164", "Huawei"),
]

DIFFERENT = [
    # sibling companies, and names that are merely alike
    ("Inspur Group Co., Ltd.", "Inspur Software Co., Ltd."),
    ("Inspur Electronic Information Industry", "Inspur (Beijing) Electronic Information Industry"),
    ("Huawei Technologies Co., Ltd.", "Huawei Device Co., Ltd."),
    ("SMIC", "SMEC"),
    ("Beijing Huaxin", "Shanghai Huaxin"),
    ("Shenzhen Huaxin", "Shenzhen Huaxing"),
    ("Example Holding Ltd.", "Example Ltd."),
    ("Example Group Ltd.", "Example Ltd."),
    ("CETC 28", "CETC 58"),
    ("がん", "かん"),
    ("Мир", "Mir"),
    ("Huawei R&D", "Huawei"),
]


@pytest.mark.parametrize(("left", "right"), [*SAME, *LOOK_ALIKES])
def test_spellings_of_one_name_are_equal(left: str, right: str) -> None:
    assert normal_name(left) == normal_name(right)
    assert normal_name(left) != ""


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_names_stay_different(left: str, right: str) -> None:
    assert normal_name(left) != normal_name(right)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Company Limited", "company limited"),
        ("Co., Ltd.", "co ltd"),
        ("The", "the"),
        ("有限公司", "有限公司"),
        ("...", ""),
        ("\u200b", ""),
        ("", ""),
    ],
)
def test_names_of_nothing_but_a_legal_form_keep_it(name: str, form: str) -> None:
    assert normal_name(name) == form


def test_a_cyrillic_name_does_not_depend_on_case() -> None:
    assert normal_name("ТАНК") == normal_name("танк")
    assert normal_name("СОКОЛ") == normal_name("Сокол")


def test_the_full_form_tells_legal_forms_apart() -> None:
    assert full_name("Example Ltd.") != full_name("Example GmbH")
    assert normal_name("Example Ltd.") == normal_name("Example GmbH")


def test_the_normal_form_has_its_own_type() -> None:
    assert type(normal_name("Huawei")) is NormalName
    assert type(normal_name("Co., Ltd.")) is NormalName


@given(st.text(max_size=40))
def test_the_full_form_is_stable(text: str) -> None:
    """Case and outer spaces never matter, and a form is its own form's text."""
    form = full_name(text)
    assert full_name(f"  {text}\t") == form
    assert form == form.strip()
    assert form == form.casefold() or not form.isascii()


@given(st.text(alphabet="abcXYZ .,&'()-", min_size=1, max_size=40))
def test_the_normal_form_of_a_normal_form_is_itself(text: str) -> None:
    form = normal_name(text)
    assert normal_name(form) == form
