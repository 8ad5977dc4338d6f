"""Personal accounts: every movement is a balanced journal, the balance is the sum of its entries, never below zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tongchou.accounts import api
from tongchou.accounts.models import Account
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.registry import api as registry
from tongchou.registry.models import Area

AREA = "629900"
DAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def person() -> int:
    Area.objects.create(code=AREA, name="陇安市", pooling_area=AREA)
    ledger.ensure_chart(area=AREA)
    view = registry.register_person(name="张三丰", cert_no="629901199003070013", area_code=AREA)
    api.open_account(person_id=view.id, scheme="310")
    return view.id


def move(action: Callable[..., int], person: int, amount: int, journal: int, **given: Any) -> int:
    other = {"target_code": "1004"} if action is api.debit else {"source_code": "4001.310200"}
    data: dict[str, Any] = {
        "person_id": person,
        "scheme": "310",
        "amount": amount,
        "area": AREA,
        "journal_id": journal,
        "business_date": DAY,
        "kind": "allocation",
        "business_key": f"test:{journal}",
        "posted_at": NOW,
        **other,
        **given,
    }
    return action(**data)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(Rejection) as refused:
        action()
    return refused.value.code


def balance(person: int) -> int:
    view = api.account_of(person_id=person, scheme="310")
    assert view is not None
    return view.balance


@pytest.mark.django_db
@pytest.mark.requirement("R0.30", "R1.2.39")
def test_balance_follows_the_ledger(person: int) -> None:
    assert move(api.credit, person, 10_000, 1) == 10_000
    assert move(api.debit, person, 2_500, 2) == 7_500
    account = Account.objects.get()
    assert (account.balance, account.version) == (7_500, 2)
    booked = ledger.balance(area=AREA, account_code="2201", party=account.pk, on=None)
    assert booked == -7_500
    assert ledger.balance(area=AREA, account_code="4001.310200", on=None) == 10_000
    assert api.check() == []


@pytest.mark.django_db
@pytest.mark.requirement("R1.2.34")
def test_never_below_zero_and_nothing_is_booked_when_refused(person: int) -> None:
    move(api.credit, person, 100, 1)
    assert code_of(lambda: move(api.debit, person, 101, 2)) == "ACCT-004"
    assert code_of(lambda: move(api.credit, person, 0, 2)) == "ACCT-003"
    assert code_of(lambda: move(api.debit, person, -5, 2)) == "ACCT-003"
    assert code_of(lambda: move(api.credit, person, 5, 2, scheme="390")) == "ACCT-002"
    assert balance(person) == 100
    assert api.check() == []


@pytest.mark.django_db
def test_the_same_business_key_is_booked_once(person: int) -> None:
    move(api.credit, person, 100, 1)
    assert code_of(lambda: move(api.credit, person, 100, 2, business_key="test:1")) == "LEDG-005"
    assert balance(person) == 100


@pytest.mark.django_db
def test_a_refused_journal_takes_the_balance_back(person: int) -> None:
    assert code_of(lambda: move(api.credit, person, 100, 1, source_code="nothing")) == "LEDG-009"
    assert balance(person) == 0


@pytest.mark.django_db
def test_one_account_per_person_and_scheme(person: int) -> None:
    assert code_of(lambda: api.open_account(person_id=person, scheme="310")) == "ACCT-001"
    api.open_account(person_id=person, scheme="390")


@pytest.mark.django_db
def test_check_finds_a_balance_that_the_ledger_does_not_carry(person: int) -> None:
    move(api.credit, person, 100, 1)
    Account.objects.update(balance=150)
    (finding,) = api.check()
    assert (finding.balance, finding.entries) == (150, 100)
    assert "150" in str(finding)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_debits_at_once_never_overdraw(person: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    move(api.credit, person, 100, 1)

    def spend(journal: int) -> str:
        try:
            move(api.debit, person, 60, journal)
        except Rejection as refused:
            return refused.code
        finally:
            connections.close_all()
        return "paid"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(spend, range(10, 18)))
    assert outcomes == ["ACCT-004"] * 7 + ["paid"]
    assert balance(person) == 40
    assert api.check() == []
