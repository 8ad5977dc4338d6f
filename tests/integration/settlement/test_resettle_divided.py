"""Stays over the year's end under another policy: other rules for their lines, divided by years or not, counted on another day.

80 % above 500 yuan in each year, at most 60,000 a year; class B carries 10 % in advance. The stay of these tests has costs in
December 2025 and in January 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.settlement.test_resettle_encounters import revoke
from tests.integration.settlement.test_stay import admit, bill, upload
from tests.integration.settlement.world import CLASS_B, DAY, HOSPITAL, NOW, POOL, job, line, person_number, read
from tongchou.policy import Bill, PolicyBook
from tongchou.registry.models import Person
from tongchou.settlement import api, planning
from tongchou.settlement.api import resettle
from tongchou.settlement.core.views import SettlementView
from tongchou.settlement.models import Replacement

pytestmark = pytest.mark.usefixtures("world")
PACKS = Path(__file__).parent / "packs_rerun"
DECEMBER, JANUARY = datetime(2025, 12, 28, 3, tzinfo=UTC), datetime(2026, 1, 2, 3, tzinfo=UTC)
SPLIT, BY_ADMISSION, TWENTY = (
    ("counts_in: discharge", "counts_in: split"),
    ("counts_in: discharge", "counts_in: admission"),
    ("乙类: 10%", "乙类: 20%"),
)
Policy = Callable[..., None]
YEARS = resettle.Scope(area=POOL, begin=date(2025, 1, 1), end=date(2026, 12, 31))


@pytest.fixture
def policy(world: None, tmp_path: Path) -> Iterator[Policy]:
    """Put the packs in force with some texts changed, as a retroactive document would."""

    def use(*changes: tuple[str, str]) -> None:
        for file in PACKS.iterdir():
            text = file.read_text("utf-8")
            for old, new in changes:
                text = text.replace(old, new)
            (tmp_path / file.name).write_text(text, "utf-8")
        planning.use_book(PolicyBook.load(tmp_path))

    for day in (date(2025, 6, 1), date(2025, 12, 1)):
        api.ensure_fee_months(around=day)
    yield use
    planning.use_book(None)


def a_stay(*lines: api.LineInput, until: datetime = JANUARY, total: int | None = None) -> int:
    """A stay from December on that is settled on its last day; gives the settlement."""
    stay = admit(at=DECEMBER)
    upload(stay, *lines)
    request = api.DischargeInput(encounter_id=stay, person_number=person_number(1), end_at=until)
    api.discharge(institution_code=HOSPITAL, request=request)
    whole = sum(entry.amount for entry in lines) if total is None else total
    (result,) = api.settle_many(jobs=[job(bill(stay, whole), institution=HOSPITAL)])
    return int(read(result)["id"])


def usual() -> int:
    """10,000 of class B in December, 5,000 of class A in January."""
    return a_stay(line(1, CLASS_B, yuan=10_000, occurred_at=DECEMBER), line(2, yuan=5_000, occurred_at=JANUARY))


def again() -> resettle.Resettlement:
    person = Person.objects.get(number=person_number(1))
    made = resettle.make_run(kind="person", scope=YEARS, reason="测试", maker=None, now=NOW, persons=[person.pk])
    return resettle.try_all(made, now=NOW)


def booked() -> tuple[SettlementView, list[list[str]]]:
    """The new settlement and why; it explains itself, the doctor is content, and a second run finds nothing."""
    made = again()
    assert made.totals["refused"] == 0
    made = resettle.approve_run(run_id=made.pk, case_id=1, digest=made.digest)
    assert resettle.book_row(row_id=made.persons.get().pk, now=NOW)
    resettle.finish_booking(made, now=NOW)
    assert api.examine(today=DAY) == []
    link = Replacement.objects.latest("pk")
    new = api.settlement_view(link.successor_id)
    whole = Bill(new.out_of_scope, new.over_limit, new.prior_self_pay, new.in_scope)
    steps = api.explain(
        plan_id=new.plan, package=new.package, values=new.values, facts=new.facts, bill=whole,
        accumulators=new.accumulators_before, earlier_years=new.earlier_years or (),
    )  # fmt: skip
    assert sum(step.amount or 0 for step in steps if step.fund and step.layer in ("pool", "large")) == new.fund_pay
    assert again().totals["changed"] == 0
    return new, link.causes


def years(view: SettlementView) -> list[tuple[str, int, int]]:
    """Of each earlier year: the year, in scope, paid by the funds."""
    return [(year.benefit_year, year.in_scope, year.fund_pay) for year in view.earlier_years or ()]


def test_other_rules_for_the_lines_of_a_divided_stay(policy: Policy) -> None:
    """2025: (10,000 × 80 % − 500) × 80 % = 6,000, before (9,000 − 500) × 80 % = 6,800. 2026: 3,600 as before."""
    policy(SPLIT)
    told = usual()
    assert api.settlement_view(told).fund_pay == 680_000 + 360_000
    policy(SPLIT, TWENTY)
    new, causes = booked()
    assert years(new) == [("2025", 800_000, 600_000)]
    assert (new.fund_pay, new.prior_self_pay, new.benefit_year) == (960_000, 200_000, "2026")
    assert ["明细划分", "符合范围金额(分)", "1400000", "1300000"] in causes
    assert [entry.prior_self_pay for entry in api.settlement_view(new.id, with_lines=True).lines] == [200_000, 0]
    assert [entry.prior_self_pay for entry in api.told_view(told).lines] == [100_000, 0]
    assert revoke(told)["fund"] == -1_040_000
    assert api.examine(today=DAY) == []


def test_a_stay_that_is_now_divided_and_then_not_any_more(policy: Policy) -> None:
    """As a whole (14,000 − 500) × 80 % = 10,800; divided 6,800 + 3,600 = 10,400."""
    policy()
    told = usual()
    assert api.settlement_view(told).fund_pay == 1_080_000
    policy(SPLIT)
    new, causes = booked()
    assert (years(new), new.fund_pay) == ([("2025", 900_000, 680_000)], 1_040_000)
    assert new.facts["visit.continued"] is True
    assert ["年度划分", "各年度的计算日期", "2026-01-02", "2025-12-31、2026-01-02"] in causes
    policy()
    back, causes = booked()
    assert (years(back), back.fund_pay, back.benefit_year) == ([], 1_080_000, "2026")
    assert "visit.continued" not in back.facts
    assert ["年度划分", "各年度的计算日期", "2025-12-31、2026-01-02", "2026-01-02"] in causes
    assert revoke(told)["fund"] == -1_080_000
    assert api.examine(today=DAY) == []


def test_a_stay_that_is_now_counted_in_the_year_of_admission(policy: Policy) -> None:
    """The amounts are those of one year; what it counts moves from 2026 to 2025."""
    policy()
    usual()
    policy(BY_ADMISSION)
    new, causes = booked()
    assert (new.fund_pay, new.benefit_year, str(new.facts["visit.date"])) == (1_080_000, "2025", "2025-12-28")
    assert ["年度划分", "各年度的计算日期", "2026-01-02", "2025-12-28"] in causes
    assert all("2025" in period for period in new.accumulator_delta)


def test_a_refund_is_of_the_day_of_what_it_refunds(policy: Policy) -> None:
    """Three units of 2,000 in December, one taken back in January: 2025 (4,000 − 500) × 80 % = 2,800; 2026 3,600."""
    policy()
    a_stay(
        line(1, yuan=2_000, count=3, occurred_at=DECEMBER),
        line(2, yuan=2_000, count=-1, original_line_no=1, occurred_at=JANUARY),
        line(3, yuan=5_000, occurred_at=JANUARY),
        total=900_000,
    )
    policy(SPLIT)
    new, _ = booked()
    assert (years(new), new.fund_pay) == ([("2025", 400_000, 280_000)], 640_000)


def test_a_divided_stay_without_costs_in_its_last_year(policy: Policy) -> None:
    """All costs are of December; the stay is settled in January by 2025's rules alone, and again so."""
    policy(SPLIT)
    a_stay(line(1, CLASS_B, yuan=10_000, occurred_at=DECEMBER))
    assert (again().totals["changed"], again().totals["refused"]) == (0, 0)
    policy(SPLIT, TWENTY)
    new, _ = booked()
    assert (years(new), new.fund_pay, new.benefit_year) == ([], 600_000, "2025")


def test_a_part_settled_on_the_way_keeps_its_own_last_day(policy: Policy) -> None:
    """Settled on the 30th of December while the stay went on to January: the rest of the stay is no part of it."""
    policy()
    stay = admit(at=DECEMBER)
    upload(stay, line(1, CLASS_B, yuan=10_000, occurred_at=DECEMBER))
    (result,) = api.settle_many(
        jobs=[job(bill(stay, 1_000_000, interim=True), institution=HOSPITAL, now=DECEMBER + timedelta(days=2))]
    )
    read(result)
    upload(stay, line(2, yuan=5_000, occurred_at=JANUARY))
    api.discharge(
        institution_code=HOSPITAL,
        request=api.DischargeInput(encounter_id=stay, person_number=person_number(1), end_at=JANUARY),
    )
    read(api.settle_many(jobs=[job(bill(stay, 500_000), institution=HOSPITAL)])[0])
    assert (again().totals["changed"], again().totals["refused"]) == (0, 0)
