"""Institutions and their agreements: entered one by one and by file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tongchou.kernel.rejection import Rejection
from tongchou.providers import api
from tongchou.providers.models import Agreement, Institution

pytestmark = pytest.mark.django_db

CODE = "H62990100001"
HEADER = (
    "定点机构编号,名称,机构类型,统一社会信用代码,医院等级,医保结算等级,中医机构,所在区划,协议编号,开通医疗类别,"
    "协议开始日期,协议终止日期"
)
HOSPITAL = f"{CODE},陇安市人民医院,1,91350100M000100Y43,三级甲等,三级,否,629901,X1,11、2101,2026-01-01,2026-12-31"
PHARMACY = "P62990100001,康健药店,定点零售药店,91350100M000100Y43,,9,否,629901,X2,41,2026-01-01,2026-12-31"


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(Rejection) as refused:
        action()
    return refused.value.code


@pytest.mark.requirement("R1.5.02")
def test_register_and_conclude() -> None:
    api.register_institution(code=CODE, name="甲医院", kind="1", level="3", area="629901")
    api.conclude_agreement(
        institution_code=CODE, number="X1", med_types=["11"], start=date(2026, 1, 1), end=date(2027, 1, 1)
    )
    assert api.provider(code=CODE, on=date(2026, 12, 31)).agreement is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "H1"},
        {"code": "P62990100001"},
        {"level": "9"},
        {"level": "7"},
        {"code": "P62990100001", "kind": "2", "level": "4"},
        {"kind": "2"},
        {"credit_code": "91350100M000100Y44"},
    ],
)
def test_what_does_not_go_together_is_refused(wrong: dict[str, str]) -> None:
    data = {"code": CODE, "name": "甲医院", "kind": "1", "level": "3", "area": "629901", **wrong}
    assert code_of(lambda: api.register_institution(**data)) == "PROV-010"  # type: ignore[arg-type]
    assert not Institution.objects.exists()


@pytest.mark.parametrize("level", ["1", "2", "3", "4", "5"])
def test_a_hospital_may_be_a_community_centre_or_without_a_level(level: str) -> None:
    api.register_institution(code=CODE, name="甲", kind="1", level=level, area="629901")
    assert api.describe(code=CODE, on=date(2026, 1, 1)).level == level


@pytest.mark.requirement("R1.5.13")
def test_agreements_follow_each_other_and_end() -> None:
    api.register_institution(code=CODE, name="甲医院", kind="1", level="3", area="629901")

    def conclude(number: str, start: date, end: date | None = None, code: str = CODE) -> int:
        return api.conclude_agreement(institution_code=code, number=number, med_types=["11"], start=start, end=end)

    assert code_of(lambda: conclude("X1", date(2026, 1, 1), code="H62990199999")) == "PROV-001"
    conclude("X1", date(2026, 1, 1))
    assert code_of(lambda: conclude("X2", date(2026, 6, 1))) == "PROV-008"
    assert code_of(lambda: conclude("X2", date(2026, 6, 1), date(2026, 6, 1))) == "PROV-010"
    assert code_of(lambda: api.terminate(number="X1", on=date(2026, 1, 1))) == "PROV-010"
    api.terminate(number="X1", on=date(2026, 6, 1))
    assert code_of(lambda: api.provider(code=CODE, on=date(2026, 6, 1))) == "PROV-002"
    assert code_of(lambda: conclude("X1", date(2026, 6, 1))) == "PROV-009"
    conclude("X2", date(2026, 6, 1))
    api.suspend(number="X2")
    assert code_of(lambda: api.provider(code=CODE, on=date(2026, 6, 1))) == "PROV-003"
    api.resume(number="X2")
    assert api.provider(code=CODE, on=date(2026, 6, 1)).agreement is not None
    assert code_of(lambda: api.suspend(number="?")) == "PROV-011"


def test_codes_are_unique() -> None:
    api.register_institution(code=CODE, name="甲医院", kind="1", level="3", area="629901")
    again = code_of(lambda: api.register_institution(code=CODE, name="乙", kind="1", level="3", area="629901"))
    assert again == "PROV-007"


def load(*lines: str) -> tuple[int, int, list[tuple[int, str]]]:
    report = api.import_institutions(content="\n".join((HEADER, *lines)).encode(), filename="x.csv")
    return report.created, report.updated, [(error.row, error.column) for error in report.errors]


def test_import_enters_institutions_with_their_agreements() -> None:
    assert load(HOSPITAL, PHARMACY) == (2, 0, [])
    view = api.provider(code=CODE, on=date(2026, 12, 31))
    assert (view.grade, view.level, view.agreement and sorted(view.agreement.med_types)) == ("2", "3", ["11", "2101"])
    assert api.provider(code="P62990100001", on=date(2026, 6, 1)).level == "9"
    assert load(HOSPITAL.replace("人民医院", "第一人民医院")) == (0, 1, [])
    assert api.provider(code=CODE, on=date(2026, 6, 1)).name == "陇安市第一人民医院"
    assert Agreement.objects.count() == 2


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (PHARMACY.replace("P6", "X6"), (3, "定点机构编号")),
        (PHARMACY.replace(",9,", ",3,"), (3, "定点机构编号")),
        (PHARMACY.replace("629901,X2", "6299,X2"), (3, "所在区划")),
        (PHARMACY.replace(",41,", ",购药,"), (3, "开通医疗类别")),
        (PHARMACY.replace(",2026-01-01,", ",,"), (3, "协议开始日期")),
        (PHARMACY.replace("X2", "X1"), (3, "定点机构编号")),
        (HOSPITAL, (3, "定点机构编号")),
    ],
)
def test_one_wrong_row_and_nothing_is_entered(line: str, place: tuple[int, str]) -> None:
    assert load(HOSPITAL, line) == (0, 0, [place])
    assert not Institution.objects.exists()
