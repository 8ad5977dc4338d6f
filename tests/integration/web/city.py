"""A small city with one day of business, made through the services and decided by the packs of the product.

Everything is seeded, so that pages look the same every time. Times are today's: pages show today.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache

import msgspec
from django.db import transaction
from django.utils import timezone

from tongchou.accounts import api as accounts
from tongchou.catalogues.models import Diagnosis, Item, ItemTerm, Mapping, PriceLimit
from tongchou.contributions.models import Entitlement
from tongchou.control.api import Operator, create_operator
from tongchou.kernel.identifiers import id_check_character
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.providers.models import Agreement, Institution
from tongchou.registry.models import (
    Area,
    Card,
    DiseaseCertificate,
    Employer,
    Enrolment,
    Household,
    IdentityClass,
    Person,
)
from tongchou.settlement import api, packages, planning
from tongchou.settlement.api import (
    DischargeInput,
    EncounterInput,
    Job,
    LineInput,
    PurchaseInput,
    Receipt,
    SettleInput,
    SettlementView,
)
from tongchou.settlement.drafting import pooling_area_of
from tongchou.settlement.serials import next_id

AREA, DISTRICT, COUNTY = "629900", "629901", "629921"
OTHER_AREA = "620100"
PASSWORD = "only-for-tests-7"
EVER = ("2020-01-01", None)
HOSPITAL, CHINESE, SECOND, CLINIC, PHARMACY = (
    "H62990100001", "H62990100002", "H62992100001", "H62992100002", "P62990100001",
)  # fmt: skip

INSTITUTIONS = (
    (HOSPITAL, "陇安市人民医院", "1", "3", DISTRICT),
    (CHINESE, "陇安市中医医院", "1", "3", DISTRICT),
    (SECOND, "临河县人民医院", "1", "2", COUNTY),
    (CLINIC, "临河县城关镇卫生院", "1", "1", COUNTY),
    (PHARMACY, "百姓大药房解放路店", "2", "9", DISTRICT),
)
ITEMS = (
    # code, list type, charge type, class, price in fen, name, spec, unit
    ("XJ01CAA040E001010100001", "101", "09", "01", 1_250, "阿莫西林胶囊", "0.25g*24粒", "盒"),
    ("XA10BAE046A001010100002", "101", "09", "01", 1_830, "二甲双胍缓释片", "0.5g*30片", "盒"),
    ("XC10AAA080A001010100003", "101", "09", "02", 2_680, "阿托伐他汀钙片", "20mg*7片", "盒"),
    ("ZA04BAL0356010100004", "101", "11", "02", 1_480, "连花清瘟胶囊", "0.35g*24粒", "盒"),
    ("002503040010000-1", "201", "04", "01", 2_000, "血细胞分析", "", "次"),
    ("002102000030000-1", "201", "03", "02", 28_000, "胸部CT平扫", "", "次"),
    ("001102000010000-1", "201", "02", "01", 900, "普通门诊诊查费", "", "次"),
    ("001109000010000-1", "201", "01", "02", 4_500, "三人间床位费", "", "日"),
    ("C02020101102004003", "301", "08", "02", 320, "一次性使用输液器", "带针", "支"),
    ("003313000010000-1", "201", "05", "03", 68_000, "激光去斑治疗", "", "次"),
)
LIMITED = "001109000010000-1"


@dataclass
class City:
    """What was made: operators by post, persons, settlement ids."""

    operators: dict[str, Operator] = field(default_factory=dict)
    persons: list[Person] = field(default_factory=list)
    settlements: list[int] = field(default_factory=list)
    revocation: int = 0
    inpatient: int = 0
    stranger: Person | None = None
    foreign_settlement: int = 0


_message = itertools.count(1)


def build(*, persons: int = 24, visits: int = 30, now: datetime | None = None) -> City:
    """Fill an empty database."""
    now = now or datetime.now(UTC)
    chance = random.Random(20261122)
    packages.forget()
    ledger.forget_accounts()
    pooling_area_of.cache_clear()
    planning.use_book(_book())
    city = City()
    _areas()
    _operators(city)
    _institutions()
    _catalogue()
    for number in range(persons):
        city.persons.append(_person(number, chance, now))
    city.stranger = _stranger()
    at = now - timedelta(minutes=2 * visits)
    for visit in range(visits):
        person = city.persons[visit % len(city.persons)]
        city.settlements.append(_purchase(person, chance, at + timedelta(minutes=2 * visit)))
    city.inpatient = _stay(city.persons[0], now)
    city.revocation = _revoke(city.settlements[3], city.persons[3], now)
    return city


@cache
def _book() -> PolicyBook:
    """The packs of the product, read once for all tests."""
    return PolicyBook.load(default_pack_directory())


def _areas() -> None:
    for code, name, parent, pool in (
        (AREA, "陇安市", None, AREA), (DISTRICT, "安定区", AREA, AREA), (COUNTY, "临河县", AREA, AREA),
        (OTHER_AREA, "兰州市", None, OTHER_AREA), ("620102", "城关区", OTHER_AREA, OTHER_AREA),
    ):  # fmt: skip
        Area.objects.create(code=code, name=name, parent_id=parent, pooling_area=pool)
    ledger.ensure_chart(area=AREA)
    ledger.ensure_chart(area=OTHER_AREA)


def _operators(city: City) -> None:
    for login, name, area, post in (
        ("clerk", "王秀兰", AREA, "clerk"), ("reviewer", "李国强", AREA, "reviewer"),
        ("accountant", "陈静", AREA, "accountant"), ("admin", "赵明远", AREA, "administrator"),
        ("county", "马小燕", COUNTY, "clerk"), ("lanzhou", "何永平", OTHER_AREA, "accountant"),
    ):  # fmt: skip
        city.operators[login] = create_operator(
            login=login, password=PASSWORD, name=name, organisation="陇安市医疗保险中心", area=area, post=post
        )


def _institutions() -> None:
    for code, name, kind, level, area in INSTITUTIONS:
        one = Institution.objects.create(
            code=code, name=name, kind=kind, level=level, area=area, credit_code="91350100M000100Y43",
            chinese_medicine="中医" in name, phone="0900-1234567",
        )  # fmt: skip
        med_types = ["41"] if kind == "2" else ["11", "13", "14", "21", "2101"]
        Agreement.objects.create(institution=one, number=f"XY2026-{code}", med_types=med_types, period=EVER)


def _catalogue() -> None:
    for code, list_type, charge, item_class, _, name, spec, unit in ITEMS:
        item = Item.objects.create(code=code, list_type=list_type, charge_type=charge, name=name, spec=spec, unit=unit)
        for scheme in ("310", "390"):
            share = {"01": 0, "02": 1_000, "03": 10_000}[item_class]
            ItemTerm.objects.create(
                item=item, scheme=scheme, list_code=code, item_class=item_class, prior_self_pay=share, period=EVER
            )
        if code == LIMITED:
            PriceLimit.objects.create(item=item, level="3", limit_micro=40_000_000, period=EVER)
        for institution, *_rest in INSTITUTIONS:
            Mapping.objects.create(
                institution_code=institution, local_code=f"L-{code}", item=item, status="1", period=EVER
            )
    Diagnosis.objects.create(code="J06.900", name="急性上呼吸道感染")
    Diagnosis.objects.create(code="I10.x00", name="特发性(原发性)高血压")


def _id_number(area: str, birth: date, order: int) -> str:
    body = f"{area}{birth:%Y%m%d}{order:03d}"
    return body + id_check_character(body)


def _person(number: int, chance: random.Random, now: datetime) -> Person:
    """Every second one is an employee with a personal account, the others are residents; every third in the county."""
    employee = number % 2 == 0
    birth = date(1950 + (number * 7) % 50, 1 + number % 12, 1 + number % 28)
    area = COUNTY if number % 3 == 2 else DISTRICT
    name = (
        "张小三"
        if number in (0, 1, 4)
        else "王李刘陈杨赵黄周"[number % 8] + chance.choice(("建国", "丽华", "强", "秀英", "梓涵"))
    )
    household, _ = Household.objects.get_or_create(number=f"HH{number // 3:06d}", defaults={"area_id": area})
    person = Person.objects.create(
        number=f"62990000{number:08d}", cert_no=_id_number(area, birth, number), name=name, sex="12"[number % 2],
        birth_date=birth, area_id=area, phone="13909310001", address="中华路街道永定社区中华路12号3单元402室",
        household=household,
    )  # fmt: skip
    scheme = "310" if employee else "390"
    employer = Employer.objects.get_or_create(number="U0001", defaults={"name": "陇安市第一中学", "area_id": DISTRICT})[
        0
    ]
    Enrolment.objects.create(
        person=person, scheme=scheme, person_type=("12" if birth.year < 1962 else "11") if employee else "15",
        area_id=area, employer=employer if employee else None, period=("2024-01-01", None),
    )  # fmt: skip
    if employee:
        Enrolment.objects.create(
            person=person, scheme="390", person_type="15", area_id=area, status="4", period=("2021-01-01", "2024-01-01")
        )
    Entitlement.objects.create(person=person, scheme=scheme, period=EVER, continuous_since=date(2020, 1, 1))
    Card.objects.create(person=person, kind="03", number=f"E{number:08d}")
    if number % 5 == 0:
        IdentityClass.objects.create(person=person, kind="2303", period=("2025-01-01", None))
        DiseaseCertificate.objects.create(
            person=person, disease_code="M03900", disease_name="高血压", period=("2026-01-01", None)
        )
    if employee:
        accounts.open_account(person_id=person.pk, scheme=scheme)
        accounts.credit(
            person_id=person.pk, scheme=scheme, amount=50_000, area=AREA, source_code="4001.310200",
            journal_id=next_id(now), business_date=_day(now), kind="credit", business_key=f"credit:{number}",
            posted_at=now - timedelta(hours=3), memo="本月个人账户划入",
        )  # fmt: skip
    return person


def _stranger() -> Person:
    """Somebody of another pooling area, whom our operators must not see."""
    person = Person.objects.create(
        number="6201000000000001", cert_no=_id_number("620102", date(1970, 1, 1), 1), name="张外人", sex="1",
        birth_date=date(1970, 1, 1), area_id="620102",
    )  # fmt: skip
    Enrolment.objects.create(person=person, scheme="310", person_type="11", area_id="620102", period=EVER)
    return person


def _lines(codes: Sequence[int], counts: Sequence[int], at: datetime) -> tuple[LineInput, ...]:
    lines = []
    for number, (place, count) in enumerate(zip(codes, counts, strict=True), 1):
        code, *_, price, _name, _spec, _unit = ITEMS[place]
        lines.append(
            LineInput(
                line_no=number,
                item_code=code,
                local_code=f"L-{code}",
                occurred_at=at,
                quantity=count * 10_000,
                unit_price=price * 10_000,
                amount=price * count,
            )
        )
    return tuple(lines)


def _purchase(person: Person, chance: random.Random, at: datetime) -> int:
    pharmacy = chance.random() < 0.3
    institution = PHARMACY if pharmacy else chance.choice((HOSPITAL, CHINESE, SECOND, CLINIC))
    places = chance.sample(range(4), 2) if pharmacy else sorted(chance.sample((0, 1, 2, 3, 4, 5, 6, 9), 4))
    lines = _lines(places, [chance.randrange(1, 4) for _ in places], at)
    scheme = Enrolment.objects.filter(person=person, period__contains=_day(at)).values_list("scheme", flat=True)[0]
    request = PurchaseInput(
        person_number=person.number, scheme=scheme, med_type="41" if pharmacy else "11", begin_at=at,
        claimed_total=sum(line.amount for line in lines), lines=lines, account_used="1",
        disease_code="J06.900", disease_name="急性上呼吸道感染", invoice_no=f"{at:%m%d%H%M%S}",
    )  # fmt: skip
    return _settle(request, institution, "2102", at)


def _stay(person: Person, now: datetime) -> int:
    admitted = now - timedelta(days=6)
    lines = _lines((2, 4, 5, 7, 8, 9), (20, 6, 14, 6, 18, 1), admitted + timedelta(days=1))
    with transaction.atomic():
        encounter = api.admit(
            institution_code=HOSPITAL,
            request=EncounterInput(
                person_number=person.number, scheme="310", med_type="21", begin_at=admitted, visit_no="ZY20260001",
                disease_code="I10.x00", disease_name="特发性(原发性)高血压", department="心血管内科", doctor="孙医师",
            ),
            now=admitted,
        )  # fmt: skip
        api.upload_lines(institution_code=HOSPITAL, encounter_id=encounter, person_number=person.number, lines=lines)
        api.discharge(
            institution_code=HOSPITAL,
            request=DischargeInput(encounter_id=encounter, person_number=person.number, end_at=now),
        )
    request = SettleInput(
        encounter_id=encounter, person_number=person.number, scheme="310", med_type="21",
        claimed_total=sum(line.amount for line in lines), account_used="1", invoice_no="ZY0001",
    )  # fmt: skip
    return _settle(request, HOSPITAL, "2304", now)


def _revoke(settlement_id: int, person: Person, now: datetime) -> int:
    found = api.settlement_view(settlement_id)
    raw = api.revoke(
        receipt=_receipt(found.institution_code, "2103", settlement_id), settlement_id=settlement_id,
        person_number=person.number, answer=_answer, now=now,
    )  # fmt: skip
    return int(msgspec.json.decode(raw)["id"])


def _settle(request: PurchaseInput | SettleInput, institution: str, transaction: str, now: datetime) -> int:
    job = Job(receipt=_receipt(institution, transaction, request), request=request, answer=_answer, now=now)
    (result,) = api.settle_many(jobs=[job])
    if isinstance(result, Exception):
        raise result
    return int(msgspec.json.decode(result)["id"])


def _receipt(institution: str, transaction: str, body: object) -> Receipt:
    return Receipt(
        institution_code=institution, message_id=f"{institution}{next(_message):018d}", transaction=transaction,
        body_hash=hashlib.sha256(repr(body).encode()).digest(),
    )  # fmt: skip


def _answer(view: SettlementView) -> bytes:
    return msgspec.json.encode({"id": view.id})


def _day(at: datetime) -> date:
    return timezone.localdate(at)
