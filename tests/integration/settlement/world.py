"""A small world that settlements can happen in: one pooling area, a pharmacy, two hospitals, a few insured persons."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection

from tongchou.accounts import api as accounts
from tongchou.accounts.models import Account, FamilyBinding
from tongchou.catalogues.models import Item, ItemTerm, Mapping, PriceLimit
from tongchou.contributions.models import Entitlement
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook
from tongchou.providers.models import Agreement, Institution
from tongchou.registry.models import Area, Enrolment, Person
from tongchou.settlement import api, packages, planning
from tongchou.settlement.api import Job, LineInput, PurchaseInput, Receipt, SettleInput, SettlementView
from tongchou.settlement.drafting import pooling_area_of
from tongchou.settlement.serials import next_id

POOL, COUNTY = "629900", "629902"
PHARMACY, HOSPITAL, OTHER_HOSPITAL = "P62990000001", "H62990000001", "H62990000002"
NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
DAY = date(2026, 11, 20)
EVER = ("2020-01-01", None)
PACKS = Path(__file__).parent / "packs"

CLASS_A, CLASS_B, CLASS_C, LIMITED, RESTRICTED = "XA01", "XB02", "XC03", "XL04", "XR05"
_message = itertools.count(1)


def build(persons: int = 3, balance: int = 50_000) -> None:
    """Fill an empty database and make the process use the test packs."""
    packages.forget()
    ledger.forget_accounts()
    pooling_area_of.cache_clear()
    planning.use_book(PolicyBook.load(PACKS))
    Area.objects.create(code=POOL, name="测试市", pooling_area=POOL)
    Area.objects.create(code=COUNTY, name="测试县", parent_id=POOL, pooling_area=POOL)
    ledger.ensure_chart(area=POOL)
    _institutions()
    _catalogue()
    for number in range(1, persons + 1):
        add_person(number, balance=balance)


def add_person(number: int, *, balance: int = 50_000, scheme: str = "310", person_type: str = "11") -> Person:
    """An employee, insured and entitled since 2020, with a personal account whose balance is booked."""
    person = Person.objects.create(
        number=person_number(number),
        cert_no=f"62990219800101{number:04d}",
        name=f"张{number}",
        sex="1",
        birth_date=date(1980, 1, 1),
        area_id=COUNTY,
    )
    Enrolment.objects.create(person=person, scheme=scheme, person_type=person_type, area_id=COUNTY, period=EVER)
    Entitlement.objects.create(person=person, scheme=scheme, period=EVER, continuous_since=date(2020, 1, 1))
    accounts.open_account(person_id=person.pk, scheme=scheme)
    if balance:
        accounts.credit(
            person_id=person.pk, scheme=scheme, amount=balance, area=POOL, source_code="4001.310200",
            journal_id=next_id(NOW), business_date=DAY - timedelta(days=1), kind="credit",
            business_key=f"credit:{number}", posted_at=NOW - timedelta(days=1),
        )  # fmt: skip
    return person


def bind(*, owner: int, member: int, period: tuple[str, str | None] = EVER, scheme: str = "310") -> int:
    """Let a person pay from another one's account."""
    ids = dict(Person.objects.values_list("number", "pk"))
    made = FamilyBinding.objects.create(
        owner_id=ids[person_number(owner)], member_id=ids[person_number(member)], scheme=scheme, area=POOL,
        relation="spouse", period=period,
    )  # fmt: skip
    return int(made.pk)


def person_number(number: int) -> str:
    return f"6299{number:08d}"


def _institutions() -> None:
    rows = (
        (PHARMACY, "测试大药房", "2", "9", ["41"]),
        (HOSPITAL, "测试人民医院", "1", "3", ["11", "12", "13", "14", "21", "2101", "28"]),
        (OTHER_HOSPITAL, "测试第二医院", "1", "1", ["11", "21", "2101"]),
    )
    for code, name, kind, level, med_types in rows:
        institution = Institution.objects.create(
            code=code, name=name, kind=kind, level=level, credit_code=f"9162{code[-9:]}00000"[:18], area=COUNTY
        )
        Agreement.objects.create(institution=institution, number=f"XY-{code}", med_types=med_types, period=EVER)


def _catalogue() -> None:
    rows = ((CLASS_A, "01", None, False), (CLASS_B, "02", None, False), (CLASS_C, "03", None, False),
            (LIMITED, "01", None, False), (RESTRICTED, "02", 2_000, True))  # fmt: skip
    for code, item_class, ratio, restricted in rows:
        item = Item.objects.create(code=code, list_type="101", charge_type="09", name=f"药品{code}")
        ItemTerm.objects.create(
            item=item, scheme="310", list_code=code, item_class=item_class, prior_self_pay=ratio,
            restricted=restricted, period=EVER,
        )  # fmt: skip
        if code == LIMITED:
            PriceLimit.objects.create(item=item, limit_micro=10_000_000, period=EVER)
        for institution in (PHARMACY, HOSPITAL, OTHER_HOSPITAL):
            Mapping.objects.create(
                institution_code=institution, local_code=f"L{code}", item=item, status="1", period=EVER
            )


def line(number: int, item: str = CLASS_A, *, yuan: int = 100, count: int = 1, **changes: Any) -> LineInput:
    """A line of ``count`` units at ``yuan`` each; a negative count is a refund."""
    given: dict[str, Any] = {
        "line_no": number,
        "item_code": item,
        "local_code": f"L{item}",
        "occurred_at": NOW,
        "quantity": count * 10_000,
        "unit_price": yuan * 1_000_000,
        "amount": yuan * count * 100,
    }
    return LineInput(**{**given, **changes})


def purchase(person: int = 1, lines: tuple[LineInput, ...] | None = None, **changes: Any) -> PurchaseInput:
    """A pharmacy purchase; by default one line of 100 yuan, paid from the account."""
    lines = (line(1),) if lines is None else lines
    given: dict[str, Any] = {
        "person_number": person_number(person),
        "scheme": "310",
        "med_type": "41",
        "begin_at": NOW,
        "claimed_total": sum(entry.amount for entry in lines),
        "lines": lines,
        "account_used": "1",
    }
    return PurchaseInput(**{**given, **changes})


def receipt(institution: str = PHARMACY, transaction: str = "2102", message: str = "", body: object = None) -> Receipt:
    """The receipt of a message; a new message id unless one is named."""
    return Receipt(
        institution_code=institution,
        message_id=message or f"{institution}{next(_message):018d}",
        transaction=transaction,
        body_hash=hashlib.sha256(repr(body).encode()).digest(),
    )


def answer(view: SettlementView) -> bytes:
    """A stand-in for the gateway's rendering."""
    shown = {
        "id": view.id, "encounter": view.encounter_id, "total": view.total, "fund": view.fund_pay,
        "account": view.account_pay, "cash": view.cash_pay, "balance": view.account_balance,
        "direction": view.direction,
    }  # fmt: skip
    return msgspec.json.encode(shown)


def job(
    request: PurchaseInput | SettleInput, *, institution: str = PHARMACY, message: str = "", now: datetime = NOW,
    answer: Callable[[SettlementView], bytes] = answer,
) -> Job:  # fmt: skip
    """A settlement job in a new message."""
    transaction = "2102" if isinstance(request, PurchaseInput) else "2207"
    return Job(receipt=receipt(institution, transaction, message, request), request=request, answer=answer, now=now)


def settle(request: PurchaseInput | SettleInput, **given: Any) -> dict[str, Any]:
    """Settle one request and read the answer; a refusal is raised."""
    (result,) = api.settle_many(jobs=[job(request, **given)])
    return read(result)


def read(result: bytes | Exception) -> dict[str, Any]:
    if isinstance(result, Exception):
        raise result
    found: dict[str, Any] = msgspec.json.decode(result)
    return found


def money() -> dict[str, Any]:
    """Everything that settlements move, to compare before and after."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, scheme, period, values FROM settlement_accumulators WHERE values <> '{}' ORDER BY 1, 2, 3"
        )
        counters = cursor.fetchall()
        cursor.execute(
            "SELECT a.code, e.party, sum(e.amount) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id"
            " GROUP BY 1, 2 HAVING sum(e.amount) <> 0 ORDER BY 1, 2"
        )
        books = cursor.fetchall()
    return {
        "balances": list(Account.objects.order_by("pk").values_list("pk", "balance")),
        "counters": counters,
        "books": books,
    }
