"""Re-runs of hospital visits: batches and stays keep their lines and their state, and what the hospital does later works."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.settlement.test_stay import admit, bill, discharge, register, settle, upload
from tests.integration.settlement.world import DAY, HOSPITAL, NOW, POOL, answer, job, line, person_number, read, receipt
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.policy import Bill, PolicyBook
from tongchou.registry.models import IdentityClass, Person
from tongchou.settlement import api, planning
from tongchou.settlement.api import resettle
from tongchou.settlement.models import Encounter, FeeLine, Replacement, Settlement

pytestmark = pytest.mark.usefixtures("world")
YEAR = resettle.Scope(area=POOL, begin=date(2026, 1, 1), end=date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _packs(world: None) -> None:
    planning.use_book(PolicyBook.load(Path(__file__).parent / "packs_rerun"))


def poor() -> Person:
    """The first person turns out to have been 低保 all the time: outpatient care pays ten points more."""
    person = Person.objects.get(number=person_number(1))
    IdentityClass.objects.create(person=person, kind="2303", level="", period=(date(2020, 1, 1), None))
    return person


def rerun(person: Person) -> resettle.Resettlement:
    made = resettle.make_run(kind="person", scope=YEAR, reason="测试", maker=None, now=NOW, persons=[person.pk])
    made = resettle.try_all(made, now=NOW)
    made = resettle.approve_run(run_id=made.pk, case_id=1, digest=made.digest)
    assert resettle.book_row(row_id=made.persons.get(changed__gt=0).pk, now=NOW)
    resettle.finish_booking(made, now=NOW)
    return made


def revoke(settlement_id: int) -> dict[str, Any]:
    message, person = receipt(HOSPITAL, "2208", body=settlement_id), person_number(1)
    return read(api.revoke(receipt=message, settlement_id=settlement_id, person_number=person, answer=answer, now=NOW))


def lines_by_settlement(visit: int) -> dict[int, int | None]:
    return dict(FeeLine.objects.filter(encounter_id=visit).order_by("line_no").values_list("line_no", "settlement_id"))


def test_batches_of_a_visit_keep_apart_and_go_back_to_the_visit_when_revoked() -> None:
    visit = register()
    upload(visit, line(1, yuan=600, batch="B1"))
    first = settle(bill(visit, 60_000, med_type="11", batch="B1"))
    upload(visit, line(2, yuan=100, batch="B2"))
    second = settle(bill(visit, 10_000, med_type="11", batch="B2"))
    # A hospital of the third level pays 50 %: (600 − 200) × 50 % and 100 × 50 %; as 低保 60 %.
    assert (first["fund"], second["fund"]) == (20_000, 5_000)
    upload(visit, line(3, yuan=50, batch="B3"))
    made = rerun(poor())
    assert made.totals["changed"] == 2
    links = {link.original_id: link.successor_id for link in Replacement.objects.all()}
    assert lines_by_settlement(visit) == {1: links[first["id"]], 2: links[second["id"]], 3: None}
    assert [Settlement.objects.get(pk=links[told["id"]]).fund_pay for told in (first, second)] == [24_000, 6_000]
    assert Encounter.objects.get(pk=visit).status == "open"
    third = settle(bill(visit, 5_000, med_type="11", batch="B3"))
    assert third["fund"] == 3_000
    mirror = revoke(first["id"])
    assert (mirror["fund"], mirror["total"]) == (-20_000, -60_000)
    assert lines_by_settlement(visit) == {1: None, 2: links[second["id"]], 3: third["id"]}
    assert api.examine(today=DAY) == []
    with pytest.raises(Rejection, match="SETL-041"):
        revoke(first["id"])
    again = settle(bill(visit, 60_000, med_type="11", batch="B1"))
    # 200 deductible again: (600 − 200) × 60 %, though the other batches have used none of it.
    assert again["fund"] == 24_000
    assert api.examine(today=DAY) == []


def test_a_stay_that_nothing_changes_is_left_alone_and_a_lost_answer_is_undone_whole() -> None:
    visit = register()
    upload(visit, line(1, yuan=600, batch="B1"))
    outpatient = settle(bill(visit, 60_000, med_type="11", batch="B1"))
    stay = admit()
    upload(stay, line(1, yuan=2_000))
    discharge(stay)
    inpatient = settle(bill(stay, 200_000))
    poor_person = poor()
    made = rerun(poor_person)
    # The stay's policy asks for neither the identity nor the outpatient counters: it is not touched.
    assert [change["settlement"] for change in made.persons.get().proposal["changes"]] == [str(outpatient["id"])]
    assert Encounter.objects.get(pk=stay).status == "settled"
    undone = api.undo(
        receipt=receipt(HOSPITAL, "2601", body="u"), original_message_id=Settlement.objects.get(pk=outpatient["id"]).message_id,
        original_transaction="2207", answer=lambda view: b"{}", now=NOW + timedelta(minutes=1), person_number=person_number(1),
    )  # fmt: skip
    assert undone == b"{}"
    assert lines_by_settlement(visit) == {1: None}
    assert ledger.balance(area=POOL, account_code="2102.310100", party=poor_person.pk) == 0
    scope = api.Scope(institution_code=HOSPITAL, begin=DAY, end=DAY)
    totals = api.statement_totals(
        scope=scope, claimed=api.Totals(total=200_000, fund_pay=inpatient["fund"], account_pay=0, count=1), now=NOW
    )
    assert totals.equal
    assert api.examine(today=DAY) == []


def test_only_the_days_asked_for_are_looked_at_and_what_follows_from_them() -> None:
    from dataclasses import replace

    visit = register()
    upload(visit, line(1, yuan=600, batch="B1"))
    settle(bill(visit, 60_000, med_type="11", batch="B1"))
    person = poor()
    before = replace(YEAR, begin=date(2026, 1, 1), end=DAY - timedelta(days=1))
    as_it_was = replace(YEAR, facts=False)
    for scope in (before, as_it_was):
        made = resettle.make_run(kind="person", scope=scope, reason="测试", maker=None, now=NOW, persons=[person.pk])
        assert resettle.try_all(made, now=NOW).totals["changed"] == 0


@pytest.fixture
def divided(tmp_path: Path) -> None:
    """The same policy, and stays are divided by the dates of their costs."""
    for file in (Path(__file__).parent / "packs_rerun").iterdir():
        (tmp_path / file.name).write_text(file.read_text("utf-8").replace("counts_in: discharge", "counts_in: split"))
    planning.use_book(PolicyBook.load(tmp_path))
    for day in (date(2025, 6, 1), date(2025, 12, 1)):
        api.ensure_fee_months(around=day)


def a_stay(days: tuple[datetime, datetime], *costs: tuple[datetime, int]) -> int:
    """A stay that is settled on its last day; gives the settlement."""
    stay = admit(at=days[0])
    upload(stay, *(line(n, yuan=yuan, occurred_at=at) for n, (at, yuan) in enumerate(costs, start=1)))
    request = api.DischargeInput(encounter_id=stay, person_number=person_number(1), end_at=days[1])
    api.discharge(institution_code=HOSPITAL, request=request)
    total = 100 * sum(yuan for _, yuan in costs)
    (result,) = api.settle_many(jobs=[job(bill(stay, total), institution=HOSPITAL)])
    return int(read(result)["id"])


@pytest.mark.usefixtures("divided")
def test_a_stay_over_the_year_end_is_settled_again_year_by_year() -> None:
    """80 % above 500 yuan in each year, at most 60,000 a year, 90 % of what is over it.

    The stay in June uses 56,000 of 2025's limit, so the 10,000 of December get 4,000 and 90 % of 6,000; without it
    (10,000 − 500) × 80 % = 7,600. The 5,000 of January get (5,000 − 500) × 80 % = 3,600 either way.
    """
    june, december, january = (datetime(*day, 3, tzinfo=UTC) for day in ((2025, 6, 2), (2025, 12, 28), (2026, 1, 2)))
    first = a_stay((june, june + timedelta(days=9)), (june, 70_500))
    second = a_stay((december, january), (december, 10_000), (january, 5_000))
    told = api.settlement_view(second)
    assert told.earlier_years is not None
    assert told.fund_pay > 360_000
    revoke(first)
    person = Person.objects.get(number=person_number(1))
    made = resettle.make_run(kind="person", scope=YEAR, reason="前序结算撤销", maker=None, now=NOW, persons=[person.pk])
    made = resettle.approve_run(run_id=made.pk, case_id=1, digest=resettle.try_all(made, now=NOW).digest)
    (change,) = made.persons.get().proposal["changes"]
    assert change["fund"] == [told.fund_pay, 760_000 + 360_000]
    assert resettle.book_row(row_id=made.persons.get().pk, now=NOW)
    link = Replacement.objects.get()
    new = api.settlement_view(link.successor_id)
    assert new.earlier_years is not None
    assert [(year.benefit_year, year.fund_pay) for year in new.earlier_years] == [("2025", 760_000)]
    assert (new.cash_pay, new.benefit_year) == (1_500_000 - 1_120_000, "2026")
    steps = api.explain(
        plan_id=new.plan, package=new.package, values=new.values, facts=new.facts,
        bill=Bill(new.out_of_scope, new.over_limit, new.prior_self_pay, new.in_scope),
        accumulators=new.accumulators_before, earlier_years=new.earlier_years,
    )  # fmt: skip
    assert [step.amount for step in steps if step.fund] == [760_000, 360_000]
    assert api.examine(today=DAY) == []
    assert (
        resettle.try_all(
            resettle.make_run(kind="person", scope=YEAR, reason="再算", maker=None, now=NOW, persons=[person.pk]),
            now=NOW,
        ).totals["changed"]
        == 0
    )
    assert revoke(second)["fund"] == -told.fund_pay
    assert api.examine(today=DAY) == []
