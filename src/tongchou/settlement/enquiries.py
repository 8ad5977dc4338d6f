"""What institutions and pages ask: entitlement, encounters, counters (2001, 5201, 5206)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tongchou.catalogues.api import TermView
from tongchou.kernel.rejection import Rejection
from tongchou.ledger.api import FUNDS
from tongchou.settlement import planning, rejections
from tongchou.settlement.core.decision import admit_person, med_type_of
from tongchou.settlement.core.tables import ACCOUNT_FUND, DEFAULT_MED_TYPE
from tongchou.settlement.core.views import LineSplitView
from tongchou.settlement.database import run
from tongchou.settlement.drafting import institution
from tongchou.settlement.models import Accumulators, Encounter
from tongchou.settlement.reading import Question, local_day, read_snapshots
from tongchou.settlement.sealed import details_of

BASIC_FUND = {"310": "310100", "390": "390100"}
"""The fund of a scheme that a row names when no fund pays."""
DEFAULT_FUND = "390100"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementRow:
    """Whether a person enjoys what a fund pays (2001). ``note`` says in Chinese why not, or what holds; ``end`` is the last day."""

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
    ethnicity: str
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

    Where the visit would not be settled, or no fund pays for visits of its kind, the scheme's basic fund says so.

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
    funds: list[str] = []
    obstacle, start, end = "", day, None
    try:
        institution(institution_code, med_type, snapshot)
        insured = admit_person(snapshot=snapshot, person_number=person_number, scheme=scheme)
        start, until = insured.entitlement.start or day, insured.entitlement.until
        end = until - timedelta(days=1) if until else None
        plan = planning.choose_plan(area=insured.enrolment.pooling_area, scheme=scheme, med_type=kind, on=day)
        funds = list(dict.fromkeys(layer.fund for layer in plan.layers))
    except Rejection as refusal:
        obstacle = f"{refusal.message}。{refusal.remedy}"
    rows = [_entitlement(fund, start, end, "正常享受") for fund in funds]
    if not rows:
        note = obstacle or f"政策不由基金支付{kind.name}费用，由个人负担"
        rows.append(_entitlement(BASIC_FUND.get(scheme, DEFAULT_FUND), day, None, note, enjoyed=False))
    if snapshot.account is not None and scheme in ACCOUNT_FUND:
        note = "费用不能结算，个人账户不能使用" if obstacle else "个人账户可用"
        rows.append(_entitlement(ACCOUNT_FUND[scheme], start, None, note, enjoyed=not obstacle))
    return rows


def _entitlement(fund: str, begin: date, end: date | None, note: str, *, enjoyed: bool = True) -> EntitlementRow:
    return EntitlementRow(fund=fund, name=FUNDS.get(fund, fund), enjoyed=enjoyed, begin=begin, end=end, note=note)


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
        med_type: only of this kind; a registration that has not said yet what it is about counts as 普通门诊.
        institution_code: only this institution's; ``None`` for all (the centre's own pages).

    Raises:
        Rejection: SETL-061 the range ends before it begins.
    """
    if end < begin:
        raise rejections.BAD_PERIOD(begin=local_day(begin), end=local_day(end))
    found = Encounter.objects.select_related("person").filter(
        person__number=person_number, begin_at__gte=begin, begin_at__lte=end
    )
    if med_type:
        found = found.filter(med_type__in=[med_type, ""] if med_type == DEFAULT_MED_TYPE else [med_type])
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
        ethnicity=row.person.ethnicity,
        birth_date=row.person.birth_date,
    )


def terms_of_lines(*, lines: Sequence[LineSplitView], scheme: str, level: str) -> dict[int, TermView]:
    """What the catalogue says of each line's item on the day of the fee, by line number; an item taken out is missing.

    Args:
        level: settlement level of the institution, which decides the price limit.
    """
    by_day: defaultdict[date, list[LineSplitView]] = defaultdict(list)
    for line in lines:
        by_day[local_day(line.occurred_at)].append(line)
    found: dict[int, TermView] = {}
    for day, group in by_day.items():
        codes = [line.item_code for line in group]
        terms = planning.catalogue.terms(codes=codes, scheme=scheme, on=day, level=level)
        found.update({line.line_no: terms[line.item_code] for line in group if line.item_code in terms})
    return found


_LATER = """
SELECT s.scheme, d.key, v.key, sum(v.value::bigint)::bigint
FROM settlement_settlement s
CROSS JOIN LATERAL jsonb_each(s.accumulator_delta) AS d CROSS JOIN LATERAL jsonb_each_text(d.value) AS v
WHERE s.person_id = (SELECT id FROM registry_person WHERE number = %s) AND s.settled_at >= %s
GROUP BY 1, 2, 3
"""


def accumulators_of(*, person_number: str, scheme: str = "", until: datetime | None = None) -> list[CounterView]:
    """All counters of a person, newest period first (5206).

    Args:
        until: as they stood then: what was settled and revoked since is left out.
    """
    found = Accumulators.objects.filter(person__number=person_number)
    if scheme:
        found = found.filter(scheme=scheme)
    later: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    if until is not None:
        for of_scheme, period, name, amount in run(_LATER, (person_number, until)):
            later[of_scheme, period][name] = amount
    return [
        CounterView(scheme=row.scheme, period=row.period, values=_without(row.values, later[row.scheme, row.period]))
        for row in found.order_by("scheme", "-period")
    ]


def _without(values: Mapping[str, int], later: Mapping[str, int]) -> dict[str, int]:
    """Counters less what was added later; a revocation since may have emptied one that stood then."""
    names = {**values, **later}
    left = {name: values.get(name, 0) - later.get(name, 0) for name in names}
    return {name: amount for name, amount in left.items() if amount}
