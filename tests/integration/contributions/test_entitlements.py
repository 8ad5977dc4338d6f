"""Entitlement periods: when benefits may be enjoyed, never twice for one day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tongchou.contributions import api
from tongchou.kernel.rejection import Rejection
from tongchou.registry import api as registry
from tongchou.registry.models import Area

pytestmark = pytest.mark.django_db

YEAR_2026 = (date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture
def person() -> int:
    Area.objects.create(code="629902", name="安定区", pooling_area="629900")
    view = registry.register_person(name="张三丰", cert_no="629901199003070013", area_code="629902")
    registry.enrol(person_id=view.id, scheme="390", person_type="15", area_code="629902", start=date(2020, 1, 1))
    return view.id


def grant(person: int, start: date, end: date | None, **given: object) -> int:
    data: dict[str, object] = {"person_id": person, "scheme": "390", "start": start, "end": end, **given}
    return api.grant_entitlement(**data)  # type: ignore[arg-type]


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(Rejection) as refused:
        action()
    assert refused.value.remedy
    return refused.value.code


def test_covers_its_days_and_no_others(person: int) -> None:
    grant(person, *YEAR_2026, continuous_since=date(2020, 1, 1), basis="2026 年度缴费")

    def covered(on: date, scheme: str = "390") -> bool:
        return api.entitlement_of(person_id=person, scheme=scheme, on=on) is not None

    assert not covered(date(2025, 12, 31))
    assert covered(date(2026, 1, 1))
    assert covered(date(2026, 12, 31))
    assert not covered(date(2027, 1, 1))
    assert not covered(date(2026, 6, 1), scheme="310")
    view = api.entitlement_of(person_id=person, scheme="390", on=date(2026, 6, 1))
    assert view is not None
    assert (view.continuous_since, view.basis) == (date(2020, 1, 1), "2026 年度缴费")


def test_continuous_since_is_the_start_unless_said_otherwise(person: int) -> None:
    grant(person, *YEAR_2026)
    (view,) = api.entitlements_of(person_id=person)
    assert view.continuous_since == date(2026, 1, 1)


def test_refusals(person: int) -> None:
    grant(person, *YEAR_2026)
    assert code_of(lambda: grant(person, date(2026, 12, 31), None)) == "CONT-001"
    assert code_of(lambda: grant(person, date(2019, 1, 1), date(2020, 1, 1))) == "CONT-002"
    assert code_of(lambda: grant(person, date(2027, 1, 1), date(2027, 1, 1))) == "CONT-003"
    assert code_of(lambda: grant(person, date(2027, 1, 1), None, scheme="310")) == "CONT-002"
    grant(person, date(2027, 1, 1), None)
    assert [view.period.start for view in api.entitlements_of(person_id=person)] == [
        date(2027, 1, 1),
        date(2026, 1, 1),
    ]


def test_bulk_load(person: int) -> None:
    rows = [(person, "390", registry.day_range(*YEAR_2026), date(2020, 1, 1), "装载")]
    assert api.load_entitlements(rows) == 1
    assert api.entitlement_of(person_id=person, scheme="390", on=date(2026, 12, 31)) is not None
