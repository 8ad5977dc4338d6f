"""家庭共济: a person pays from the account of a family member, and the money goes back to where it came from."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from msgspec.structs import replace

from tests.integration.settlement import test_stay as stays
from tests.integration.settlement import world as worlds
from tests.integration.settlement.test_concurrency import at_once
from tests.integration.settlement.test_resettle import book, trial
from tests.integration.settlement.test_revocation import revoke
from tests.integration.settlement.world import (
    CLASS_C,
    DAY,
    HOSPITAL,
    NOW,
    PHARMACY,
    POOL,
    answer,
    bind,
    job,
    line,
    money,
    person_number,
    purchase,
    read,
    receipt,
    settle,
)
from tongchou.accounts.models import Account, FamilyBinding
from tongchou.catalogues.models import Item, ItemTerm
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook
from tongchou.registry.models import IdentityClass, Person
from tongchou.settlement import api, planning
from tongchou.settlement.models import Settlement

pytestmark = pytest.mark.usefixtures("world")


def balance(person: int) -> int:
    return int(Account.objects.get(person__number=person_number(person)).balance)


def owe(person: int, yuan: int = 100, **given: Any) -> Any:
    """A purchase that the person bears alone (nothing is in scope), paid from the family account."""
    return purchase(person, lines=(line(1, CLASS_C, yuan=yuan),), account_used="2", **given)


def test_the_owners_account_pays_and_nobody_elses() -> None:
    bind(owner=1, member=2)
    before = money()
    found = settle(owe(2))
    assert (found["account"], found["cash"], found["balance"]) == (10_000, 0, 40_000)
    assert (balance(1), balance(2), balance(3)) == (40_000, 50_000, 50_000)
    made = Settlement.objects.get(pk=found["id"])
    assert made.account_id == Account.objects.get(person__number=person_number(1)).pk
    assert made.person.number == person_number(2)
    view = api.settlement_view(found["id"])
    assert (view.account_pay, view.family_pay) == (10_000, 10_000)
    assert api.examine(today=DAY) == []
    revoke(found["id"], person=2)
    assert money() == before
    assert api.examine(today=DAY) == []


def test_the_own_account_is_used_when_the_own_one_is_asked_for() -> None:
    bind(owner=1, member=2)
    found = settle(purchase(2, lines=(line(1, CLASS_C),), account_used="1"))
    assert (balance(1), balance(2)) == (50_000, 40_000)
    assert api.settlement_view(found["id"]).family_pay == 0


def test_what_the_account_does_not_hold_is_paid_in_cash() -> None:
    bind(owner=1, member=2)
    found = settle(owe(2, yuan=700))
    assert (found["account"], found["cash"], balance(1)) == (50_000, 20_000, 0)
    again = settle(owe(2, yuan=10))
    assert (again["account"], again["cash"]) == (0, 1_000)
    revoke(again["id"], person=2)
    revoke(found["id"], person=2)
    assert balance(1) == 50_000
    assert api.examine(today=DAY) == []


def test_a_trial_says_what_settling_gives() -> None:
    bind(owner=1, member=2)
    told = api.pre_settle(institution_code=PHARMACY, request=owe(2), now=NOW)
    assert (told.account_pay, told.family_pay, told.account_balance) == (10_000, 10_000, 40_000)
    assert balance(1) == 50_000


def refusal(person: int = 2) -> str:
    before = money()
    with pytest.raises(Rejection, match="SETL-016") as refused:
        settle(owe(person))
    assert money() == before
    return refused.value.message


def test_without_a_binding_in_force_on_the_day_of_payment_it_is_refused() -> None:
    assert "没有在期的家庭共济绑定" in refusal()
    bind(owner=1, member=3)
    bind(owner=1, member=2, period=("2026-11-21", None))
    assert "没有在期的家庭共济绑定" in refusal()
    FamilyBinding.objects.filter(member__number=person_number(2)).update(period=DateRange(date(2026, 1, 1), DAY))
    assert "没有在期的家庭共济绑定" in refusal()
    settle(owe(3))
    assert (balance(1), balance(2)) == (40_000, 50_000)


def test_the_dead_and_those_bound_elsewhere_lend_nothing() -> None:
    binding = bind(owner=1, member=2)
    FamilyBinding.objects.filter(pk=binding).update(area="629700")
    assert "统筹区 629700" in refusal()
    FamilyBinding.objects.filter(pk=binding).update(area=POOL)
    Person.objects.filter(number=person_number(1)).update(death_date=DAY - timedelta(days=1))
    assert "身故" in refusal()
    Person.objects.filter(number=person_number(1)).update(death_date=None)
    assert settle(owe(2))["account"] == 10_000


def undo(message: str, transaction: str, person: int) -> bytes:
    return api.undo(
        receipt=receipt(transaction="2601", body=message), original_message_id=message,
        original_transaction=transaction, answer=lambda view: b"{}", now=NOW, person_number=person_number(person),
    )  # fmt: skip


def test_a_revocation_that_is_taken_back_takes_the_money_from_the_owner_again_even_after_the_end() -> None:
    binding = bind(owner=1, member=2)
    found = settle(owe(2), message="M-F1")
    after = money()
    revoke(found["id"], person=2, message="R-F1")
    assert balance(1) == 50_000
    FamilyBinding.objects.filter(pk=binding).update(period=DateRange(date(2020, 1, 1), DAY))
    undo("R-F1", "2103", 2)
    assert money() == after
    assert api.examine(today=DAY) == []


def test_a_revocation_is_not_taken_back_when_the_owner_has_spent_the_money() -> None:
    bind(owner=1, member=2)
    found = settle(owe(2, yuan=300))
    revoke(found["id"], person=2, message="R-F2")
    settle(purchase(1, lines=(line(1, CLASS_C, yuan=400),)))
    with pytest.raises(Rejection, match="SETL-044"):
        undo("R-F2", "2103", 2)
    assert (balance(1), balance(2)) == (10_000, 50_000)


@pytest.fixture
def residents(tmp_path: Path) -> None:
    """The test policy for residents too; person 7 is one, without any account."""
    for name in ("binding", "test-employee"):
        text = (worlds.PACKS / f"{name}.yaml").read_text("utf-8")
        if name == "binding":
            text += '    - {scheme: "390", name: 城乡居民基本医疗保险, packs: [test-employee]}\n'
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    planning.use_book(PolicyBook.load(tmp_path))
    worlds.add_person(7, balance=0, scheme="390", person_type="15")
    Account.objects.filter(person__number=person_number(7)).delete()
    ItemTerm.objects.create(
        item=Item.objects.get(code=CLASS_C), scheme="390", list_code=CLASS_C, item_class="03", prior_self_pay=None,
        restricted=False, period=worlds.EVER,
    )  # fmt: skip


def test_a_resident_uses_an_employees_account_and_the_institution_is_owed_from_that_fund(residents: None) -> None:
    bind(owner=1, member=7)
    before = money()
    found = settle(owe(7, scheme="390"))
    assert (found["account"], balance(1)) == (10_000, 40_000)
    assert ledger.balance(area=POOL, account_code="2101.310200") == -10_000
    assert api.examine(today=DAY) == []
    revoke(found["id"], person=7)
    assert money() == before


def test_a_hospital_bill_is_paid_from_it_and_given_back() -> None:
    bind(owner=1, member=2)
    visit = stays.admit(2)
    stays.upload(visit, line(1, yuan=1_000), person=2)
    stays.discharge(visit, person=2)
    before = money()
    # A stay: (1,000 − 500) × 80 % from the pool, 600 yuan remain, the account holds 500.
    found = stays.settle(replace(stays.bill(visit, 100_000, person=2), account_used="2"))
    assert (found["fund"], found["account"], found["cash"]) == (40_000, 50_000, 10_000)
    assert (balance(1), balance(2)) == (0, 50_000)
    message = receipt(HOSPITAL, "2305", body=found["id"])
    api.revoke(
        receipt=message, settlement_id=found["id"], person_number=person_number(2), answer=answer, now=NOW
    )  # fmt: skip
    assert money() == before
    assert api.examine(today=DAY) == []


# Many at once.


@pytest.fixture
def large_family() -> tuple[int, ...]:
    """Nine members of one owner."""
    for number in range(4, 12):
        worlds.add_person(number, balance=0)
    members = tuple(range(2, 11))
    for member in members:
        bind(owner=1, member=member)
    return members


def test_a_family_that_arrives_together_is_settled_together_and_nobody_is_told_to_try_again(
    large_family: tuple[int, ...],
) -> None:
    jobs = [job(owe(member)) for member in large_family] + [job(purchase(1, lines=(line(1, CLASS_C),)))]
    found = [read(result) for result in api.settle_many(jobs=jobs)]
    # 500 yuan, ten purchases of 100: the first five are paid from it, the others in cash.
    assert sum(each["account"] for each in found) == 50_000
    assert sum(each["cash"] for each in found) == 50_000
    assert balance(1) == 0
    assert api.examine(today=DAY) == []


def test_owner_and_members_at_once_never_overdraw_the_account(large_family: tuple[int, ...]) -> None:
    members = large_family[:5]
    jobs = [job(owe(member, yuan=70)) for member in members for _ in range(2)]
    jobs += [job(purchase(1, lines=(line(1, CLASS_C, yuan=70),))) for _ in range(2)]
    results = at_once([lambda one=one: api.settle_many(jobs=[one])[0] for one in jobs])
    while refused := [n for n, result in enumerate(results) if isinstance(result, Rejection)]:
        assert {results[n].code for n in refused} == {"SETL-003"}
        for n in refused:
            results[n] = api.settle_many(jobs=[jobs[n]])[0]
    found = [read(result) for result in results]
    assert sum(each["account"] for each in found) == 50_000
    assert sum(each["cash"] for each in found) == 12 * 7_000 - 50_000
    assert balance(1) == 0
    assert api.examine(today=DAY) == []


def test_a_payment_that_was_decided_before_the_binding_ended_is_decided_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The binding ends between reading and writing: the payment that is written does not use it."""
    from tongchou.accounts import api as accounts
    from tongchou.settlement import settling

    binding = bind(owner=1, member=2)
    decide, ended = settling.decide_job, []

    def end_meanwhile(*given: Any) -> Any:
        decided = decide(*given)
        if not ended:
            ended.append(accounts.end_binding(binding_id=binding, first_day_without=DAY, today=DAY))
        return decided

    monkeypatch.setattr(settling, "decide_job", end_meanwhile)
    (result,) = api.settle_many(jobs=[job(owe(2))])
    assert isinstance(result, Rejection)
    assert result.code == "SETL-016"
    assert balance(1) == 50_000


# Re-run.


def bought(person: int, yuan: int, minutes: int, account: str) -> Any:
    request = purchase(person, lines=(line(1, yuan=yuan),), account_used=account)
    return settle(request, now=NOW + timedelta(minutes=minutes))


def test_what_a_rerun_gives_back_goes_to_the_owner() -> None:
    planning.use_book(PolicyBook.load(Path(__file__).parent / "packs_rerun"))
    bind(owner=1, member=2)
    second = bought(2, 300, 1, "2")
    assert (second["fund"], second["account"], balance(1)) == (7_000, 23_000, 27_000)
    # The member turns out to have been 低保: the pool pays ten points more of the 100 yuan above the deductible.
    member = Person.objects.get(number=person_number(2))
    IdentityClass.objects.create(person=member, kind="2303", level="", period=worlds.EVER)
    book(2)
    assert (balance(1), balance(2)) == (28_000, 50_000)
    assert api.examine(today=DAY) == []
    revoke(second["id"], person=2)
    assert (balance(1), balance(2)) == (50_000, 50_000)
    assert api.examine(today=DAY) == []


def test_what_a_rerun_asks_for_in_addition_is_cash_and_not_the_owners_money() -> None:
    bind(owner=1, member=2)
    first = bought(2, 150, 0, "0")
    second = bought(2, 300, 1, "2")
    revoke(first["id"], person=2)
    (change,) = trial(2).changes
    # The deductible moves to the second visit: 105 yuan more are the person's.
    assert (change.old.id, change.account_pay, change.cash_pay) == (second["id"], 12_500, 10_500)
    book(2)
    assert (balance(1), balance(2)) == (37_500, 50_000)
    assert api.examine(today=DAY) == []
    revoke(second["id"], person=2)
    assert (balance(1), balance(2)) == (50_000, 50_000)
    assert api.examine(today=DAY) == []


# The doctor.


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("UPDATE settlement_settlement SET account_id = (SELECT max(id) FROM accounts_account)", "S17"),
        ("UPDATE settlement_settlement SET account_id = NULL", "S18"),
        ("UPDATE settlement_settlement SET account_used = '1'", "S18"),
        ("DELETE FROM accounts_familybinding", "S18"),
        ("UPDATE accounts_familybinding SET period = '[2026-11-21,)'", "S18"),
        ("UPDATE settlement_settlement SET account_id = account_id + 1", "S14"),
    ],
)
def test_the_doctor_sees_a_family_account_that_was_tampered_with(change: str, number: str) -> None:
    bind(owner=1, member=2)
    settle(owe(2))
    settle(owe(2))
    assert api.examine(today=DAY) == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(change)
    assert number in {finding.number for finding in api.examine(today=DAY)}


def test_a_binding_that_ended_on_the_day_of_payment_is_in_order() -> None:
    binding = bind(owner=1, member=2)
    settle(owe(2))
    FamilyBinding.objects.filter(pk=binding).update(period=DateRange(date(2020, 1, 1), DAY))
    assert api.examine(today=DAY) == []


def test_two_who_let_each_other_pay_are_settled_again_at_the_same_time() -> None:
    """Each re-run holds the accounts of both: taken in one order, they never wait for each other in a circle."""
    planning.use_book(PolicyBook.load(Path(__file__).parent / "packs_rerun"))
    bind(owner=1, member=2)
    bind(owner=2, member=1)
    for person in (1, 2):
        bought(person, 300, person, "2")
        bought(person, 300, person + 2, "1")
        poor = Person.objects.get(number=person_number(person))
        IdentityClass.objects.create(person=poor, kind="2303", level="", period=worlds.EVER)
    results = at_once([lambda person=person: book(person) for person in (1, 2)])
    assert not [result for result in results if isinstance(result, Exception)], results
    assert api.examine(today=DAY) == []
    assert trial(1).changes == trial(2).changes == ()
