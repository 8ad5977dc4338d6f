"""What institutions and pages ask: entitlement, encounters, counters (2001, 5201, 5206)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tongchou.kernel.rejection import Rejection
from tongchou.ledger.api import FUNDS
from tongchou.settlement import planning, rejections
from tongchou.settlement.core.decision import admit_person, med_type_of
from tongchou.settlement.core.tables import ACCOUNT_FUND
from tongchou.settlement.models import Accumulators, Encounter
from tongchou.settlement.reading import Question, local_day, read_snapshots
from tongchou.settlement.sealed import details_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementRow:
    """Whether a person enjoys what a fund pays (2001). ``note`` says in Chinese why not, or what holds."""

    fund: str
    name: str
    enjoyed: bool
    begin: date
    end: date | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterView:
    """An encounter as registered (5201), with its person."""

    id: int
    area: str
    person_number: str
    person_name: str
    cert_type: str
    cert_no: str
    sex: str
    birth_date: date
    institution_code: str
    scheme: str
    med_type: str
    visit_no: str
    status: str
    begin_at: datetime
    end_at: datetime | None
    disease_code: str
    disease_name: str
    diagnosis_code: str
    diagnosis_name: str
    department: str
    doctor: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterView:
    """The counters of a person in a scheme and period; fen or counts by name."""

    scheme: str
    period: str
    values: Mapping[str, int]


def check_entitlement(
    *, person_number: str, scheme: str, institution_code: str, med_type: str, begin_at: datetime
) -> list[EntitlementRow]:
    """Which funds would pay for a visit of this kind on this day: one row for each fund of the policy (2001).

    Raises:
        Rejection: SETL-010 unknown person, SETL-015 unknown med_type. All other obstacles are rows that say so.
    """
    kind, day = med_type_of(med_type), local_day(begin_at)
    question = Question(
        institution=institution_code, message="", person=person_number, scheme=scheme, day=day, today=day
    )
    snapshot = read_snapshots([question])[0]
    if snapshot.person is None:
        raise rejections.UNKNOWN_PERSON(person_number=person_number)
    account_fund = ACCOUNT_FUND.get(scheme, "")
    note, funds, start, end = "", [], day, None
    try:
        insured = admit_person(snapshot=snapshot, person_number=person_number, scheme=scheme)
        start, end = insured.entitlement.start or day, insured.entitlement.until
        plan = planning.choose_plan(area=insured.enrolment.pooling_area, scheme=scheme, med_type=kind, on=day)
        funds = list(dict.fromkeys(layer.fund for layer in plan.layers))
    except Rejection as refusal:
        note = f"{refusal.message}。{refusal.remedy}"
    rows = [
        EntitlementRow(fund=fund, name=FUNDS.get(fund, fund), enjoyed=True, begin=start, end=end, note="正常享受")
        for fund in funds
    ]
    if snapshot.account is not None:
        name = FUNDS.get(account_fund, account_fund)
        rows.append(
            EntitlementRow(fund=account_fund, name=name, enjoyed=True, begin=start, end=None, note="个人账户可用")
        )
    if note:
        basic = "310100" if scheme == "310" else "390100"
        refused = EntitlementRow(fund=basic, name=FUNDS[basic], enjoyed=False, begin=day, end=None, note=note)
        rows.insert(0, refused)
    return rows


def query_encounters(
    *,
    person_number: str,
    begin: datetime,
    end: datetime,
    med_type: str = "",
    encounter_id: int | None = None,
    institution_code: str | None = None,
    limit: int = 500,
) -> list[EncounterView]:
    """Encounters of a person that began in [begin, end], newest first (5201).

    Args:
        institution_code: only this institution's; ``None`` for all (the centre's own pages).
    """
    found = Encounter.objects.select_related("person").filter(
        person__number=person_number, begin_at__gte=begin, begin_at__lte=end
    )
    if med_type:
        found = found.filter(med_type=med_type)
    if encounter_id is not None:
        found = found.filter(pk=encounter_id)
    if institution_code is not None:
        found = found.filter(institution_code=institution_code)
    return [encounter_view(row) for row in found.order_by("-begin_at", "-pk")[:limit]]


def encounter_view(row: Encounter) -> EncounterView:
    """An encounter row as a view."""
    plain = (
        "id", "area", "institution_code", "scheme", "med_type", "visit_no", "status", "begin_at", "end_at", "disease_code",
        "disease_name", "diagnosis_code", "diagnosis_name", "department", "doctor",
    )  # fmt: skip
    return EncounterView(
        **{name: getattr(row, name) for name in plain},
        details=details_of(row),
        person_number=row.person.number,
        person_name=row.person.name,
        cert_type=row.person.cert_type,
        cert_no=row.person.cert_no,
        sex=row.person.sex,
        birth_date=row.person.birth_date,
    )


def accumulators_of(*, person_number: str, scheme: str = "") -> list[CounterView]:
    """All counters of a person, newest period first (5206)."""
    found = Accumulators.objects.filter(person__number=person_number)
    if scheme:
        found = found.filter(scheme=scheme)
    return [
        CounterView(scheme=row.scheme, period=row.period, values=row.values)
        for row in found.order_by("scheme", "-period")
    ]
