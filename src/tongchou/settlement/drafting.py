"""From a request and its snapshot to a draft: checked, decided, ready to be shown or written. Writes nothing."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import msgspec

from tongchou.ledger.api import open_day
from tongchou.policy import Bill, StayYear
from tongchou.policy.stays import days_of
from tongchou.providers import api as providers
from tongchou.registry import api as registry
from tongchou.settlement import planning, rejections
from tongchou.settlement.core import bill as bills
from tongchou.settlement.core.bill import PricedLine
from tongchou.settlement.core.decision import (
    FAMILY_ACCOUNT,
    Decision,
    Insured,
    admit_person,
    decide,
    family_account,
    med_type_of,
    settled_days,
)
from tongchou.settlement.core.facts import Visit
from tongchou.settlement.core.inputs import PurchaseInput, Request, SettleInput
from tongchou.settlement.core.snapshots import AccountSnapshot, EncounterSnapshot, LineGroup, LineSums, Snapshot
from tongchou.settlement.core.tables import MedType
from tongchou.settlement.core.views import LineSplitView, SettlementView
from tongchou.settlement.core.years import Share, decide_shares, divide
from tongchou.settlement.reading import Question, batch_of, local_day, read_family, read_line_groups, read_snapshots

OPEN, DISCHARGED, SETTLED, CANCELLED = "open", "discharged", "settled", "cancelled"
STATUS_NAMES = {OPEN: "就诊中", DISCHARGED: "已出院", SETTLED: "已结算", CANCELLED: "已撤销"}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A decided request. ``status`` is the encounter's as it was read, ``new_status`` what it becomes."""

    view: SettlementView
    decision: Decision
    institution_id: int
    fee_month: date
    status: str
    new_status: str
    sums: LineSums | None
    request: Request


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, when, and the serial numbers that a new settlement and encounter would get (0: none, a trial)."""

    institution_code: str
    message_id: str
    now: datetime
    settlement_id: int = 0
    encounter_id: int = 0


def draft(*, request: Request, snapshot: Snapshot, asked: Asked) -> Draft:
    """Decide a request on its snapshot.

    Raises:
        Rejection: PROV-0xx institution, SETL-01x person, SETL-02x lines, SETL-03x encounter, POL-0xx policy.
    """
    if isinstance(request, PurchaseInput):
        return _purchase(request, snapshot, asked)
    return _encounter(request, snapshot, asked)


def _purchase(request: PurchaseInput, snapshot: Snapshot, asked: Asked) -> Draft:
    provider = institution(asked.institution_code, request.med_type, snapshot)
    med_type = med_type_of(request.med_type)
    insured = admit_person(snapshot=snapshot, person_number=request.person_number, scheme=request.scheme)
    if not request.lines:
        raise rejections.NO_LINES()
    day = snapshot.day
    plan = planning.choose_plan(area=insured.enrolment.pooling_area, scheme=request.scheme, med_type=med_type, on=day)
    terms = planning.catalogue.terms(
        codes=[line.item_code for line in request.lines],
        scheme=request.scheme,
        on=day,
        level=provider.level,
        revision=snapshot.catalogue_revision,
    )
    mapping = planning.catalogue.mapping(
        institution_code=provider.code,
        local_codes=[line.local_code for line in request.lines],
        on=day,
        revision=snapshot.catalogue_revision,
    )
    priced = bills.price_lines(
        lines=request.lines, terms=terms, mapping=mapping, plan=plan, scheme=request.scheme, day=day
    )
    bill = bills.bill_of(priced)
    bills.check_total(bill=bill, claimed_total=request.claimed_total, claimed_parts=None)
    account = snapshot.account if request.account_used != FAMILY_ACCOUNT else _family(request, insured, asked)
    decision = decide(
        plan=plan,
        insured=insured,
        visit=_visit(provider, insured, med_type, day=day, disease=request.disease_code, details=request.details),
        bill=bill,
        parts=bills.part_facts(plan, priced),
        counting_day=day,
        account=account,
        account_used=request.account_used,
        accumulators=snapshot.accumulators,
        scheme=request.scheme,
    )
    encounter = EncounterSnapshot(
        id=asked.encounter_id,
        person_id=insured.person.id,
        institution_code=provider.code,
        scheme=request.scheme,
        med_type=request.med_type,
        status=SETTLED,
        begin_at=request.begin_at,
        end_at=request.begin_at,
        fee_month=day.replace(day=1),
        disease_code=request.disease_code,
        disease_name=request.disease_name,
    )
    return Draft(
        view=_view(request, asked, snapshot, insured, provider, med_type, decision, account, encounter, priced),
        decision=decision,
        institution_id=provider.id,
        fee_month=encounter.fee_month,
        status=SETTLED,
        new_status=SETTLED,
        sums=None,
        request=request,
    )


def _encounter(request: SettleInput, snapshot: Snapshot, asked: Asked) -> Draft:
    encounter = own_encounter(
        snapshot=snapshot,
        encounter_id=request.encounter_id,
        institution_code=asked.institution_code,
        person_number=request.person_number,
    )
    if not request.med_type:  # 2303 and 2304 do not say it: it is the admission's
        request = msgspec.structs.replace(request, med_type=encounter.med_type)
    provider = institution(asked.institution_code, request.med_type, snapshot)
    med_type = med_type_of(request.med_type)
    insured = admit_person(snapshot=snapshot, person_number=request.person_number, scheme=request.scheme)
    sums = _settleable(request, encounter, snapshot, med_type, trial=asked.settlement_id == 0)
    years = planning.years_of_stay(
        area=insured.enrolment.pooling_area,
        scheme=request.scheme,
        med_type=med_type,
        admitted=local_day(encounter.begin_at) if med_type.stay else snapshot.day,
        discharged=snapshot.day,
    )
    groups: list[LineGroup] = []
    if len(years) > 1 or years[0].plan.program.parts:
        groups = read_line_groups(month=encounter.fee_month, encounter_id=encounter.id, batch=batch_of(request))
        sums = bills.sums_of(groups)
    bills.check_total(
        bill=bills.bill_of_sums(sums), claimed_total=request.claimed_total, claimed_parts=request.claimed_parts
    )
    account = snapshot.account if request.account_used != FAMILY_ACCOUNT else _family(request, insured, asked)
    of_visit = _Stay(request, encounter, provider, med_type, encounter.end_at or asked.now, asked)
    decision = decide_shares(
        shares=_shares(of_visit, insured, years, groups, sums),
        account=account,
        account_used=request.account_used,
        accumulators=snapshot.accumulators,
        scheme=request.scheme,
    )
    return Draft(
        view=_view(request, asked, snapshot, insured, provider, med_type, decision, account, encounter, ()),
        decision=decision,
        institution_id=provider.id,
        fee_month=encounter.fee_month,
        status=encounter.status,
        new_status=encounter.status if request.interim else SETTLED,
        sums=sums,
        request=request,
    )


class _Stay(msgspec.Struct, frozen=True):
    """What is the same for all years of a stay."""

    request: SettleInput
    encounter: EncounterSnapshot
    provider: providers.ProviderView
    med_type: MedType
    end: datetime
    asked: Asked


def _shares(
    stay: _Stay, insured: Insured, years: tuple[StayYear, ...], groups: list[LineGroup], sums: LineSums
) -> list[Share]:
    """What each plan of a visit decides; years without costs are left out.

    In an earlier year of a divided stay the person is who they were on its last day, and must be entitled then.
    """
    if len(years) == 1:
        days = settled_days(stay.encounter.begin_at, stay.end) if stay.med_type.stay else 0
        return [_share(stay, insured, years[0], bills.bill_of_sums(sums), groups, days)]
    shares: list[Share] = []
    for year, mine in zip(years, divide(groups, years), strict=True):
        if mine:
            last = year is years[-1]
            then = insured if last else _insured_on(stay, year.until)
            bill, days = bills.bill_of_sums(bills.sums_of(mine)), days_of(year, last=last)
            shares.append(_share(stay, then, year, bill, mine, days, continued=bool(shares)))
    return shares


def _share(
    stay: _Stay,
    insured: Insured,
    year: StayYear,
    bill: Bill,
    groups: list[LineGroup],
    days: int,
    *,
    continued: bool = False,
) -> Share:
    visit = _visit(
        stay.provider,
        insured,
        stay.med_type,
        day=year.day,
        disease=stay.encounter.disease_code,
        details=stay.encounter.details,
        days=days,
        continued=continued,
    )
    return Share(year=year, insured=insured, visit=visit, bill=bill, parts=bills.group_facts(year.plan, groups))


def _insured_on(stay: _Stay, day: date) -> Insured:
    request = stay.request
    question = Question(
        institution="", message="", person=request.person_number, scheme=request.scheme, day=day, today=day
    )
    return admit_person(
        snapshot=read_snapshots([question])[0], person_number=request.person_number, scheme=request.scheme
    )


def own_encounter(
    *, snapshot: Snapshot, encounter_id: int, institution_code: str, person_number: str
) -> EncounterSnapshot:
    """The encounter, if it is the institution's and the person's own.

    Raises:
        Rejection: SETL-030.
    """
    encounter, person = snapshot.encounter, snapshot.person
    if (
        encounter is None
        or encounter.institution_code != institution_code
        or person is None
        or encounter.person_id != person.id
        or person.number != person_number
    ):
        raise rejections.UNKNOWN_ENCOUNTER(encounter=encounter_id)
    return encounter


def institution(code: str, med_type: str, snapshot: Snapshot) -> providers.ProviderView:
    """The institution with an agreement in force on the service day that covers the med_type.

    Raises:
        Rejection: PROV-001 … PROV-004.
    """
    provider = providers.provider(code=code, on=snapshot.day, revision=snapshot.provider_revision)
    providers.check_med_type(provider, med_type)
    return provider


def _settleable(
    request: SettleInput, encounter: EncounterSnapshot, snapshot: Snapshot, med_type: MedType, *, trial: bool
) -> LineSums:
    if encounter.scheme != request.scheme:
        raise rejections.SCHEME_DIFFERS(scheme=request.scheme, registered=encounter.scheme)
    if encounter.med_type not in ("", request.med_type):
        raise rejections.MED_TYPE_DIFFERS(med_type=request.med_type, registered=encounter.med_type)
    if encounter.status == CANCELLED or (med_type.stay and encounter.status == SETTLED):
        raise rejections.ENCOUNTER_STATE(
            encounter=encounter.id,
            status=STATUS_NAMES[encounter.status],
            action="结算",
            hint="已结算的请先撤销结算；已撤销的请重新登记",
        )
    if med_type.stay and encounter.status == OPEN and not request.interim and not trial:
        raise rejections.NOT_DISCHARGED(encounter=encounter.id)
    if snapshot.sums is None or snapshot.sums.count == 0:
        raise rejections.NO_LINES()
    return snapshot.sums


def _visit(
    provider: providers.ProviderView,
    insured: Insured,
    med_type: MedType,
    *,
    day: date,
    disease: str,
    details: object,
    days: int = 0,
    continued: bool = False,
) -> Visit:
    return Visit(
        level=provider.level,
        local=pooling_area_of(provider.area) == insured.enrolment.pooling_area,
        chinese_medicine=provider.chinese_medicine,
        emergency=med_type.emergency,
        rule_day=day,
        days=days,
        disease=disease,
        accident=med_type.accident,
        continued=continued,
        details=details if isinstance(details, dict) else None,
    )


def _family(request: Request, insured: Insured, asked: Asked) -> AccountSnapshot:
    """The family account; what counts is the day of payment, not that of the visit. A round trip of its own, for those alone."""
    today = local_day(asked.now)
    family = read_family(person=insured.person.id, scheme=request.scheme, day=today)
    return family_account(family=family, area=insured.enrolment.pooling_area, day=today)


@lru_cache(maxsize=4096)
def pooling_area_of(area: str) -> str:
    """The pooling area that an area belongs to, kept in the process (areas change by decree, with a restart)."""
    return registry.pooling_area_of(area_code=area)


def _view(
    request: Request,
    asked: Asked,
    snapshot: Snapshot,
    insured: Insured,
    provider: providers.ProviderView,
    med_type: MedType,
    decision: Decision,
    account: AccountSnapshot | None,
    encounter: EncounterSnapshot,
    lines: tuple[PricedLine, ...],
) -> SettlementView:
    area, bill = insured.enrolment.pooling_area, decision.bill
    return SettlementView(
        id=asked.settlement_id,
        encounter_id=encounter.id,
        area=area,
        person=insured.person,
        institution_code=provider.code,
        institution_name=provider.name,
        scheme=request.scheme,
        person_type=insured.enrolment.person_type,
        med_type=request.med_type,
        clearing_type=med_type.clearing,
        clearing_way="1",
        direction=1,
        reversal_of=None,
        message_id=asked.message_id,
        batch=batch_of(request) if isinstance(request, SettleInput) else "",
        invoice_no=request.invoice_no,
        account_used=request.account_used,
        account_id=account.id if account is not None and request.account_used == FAMILY_ACCOUNT else None,
        settled_at=asked.now,
        business_date=open_day(today=local_day(asked.now), closed_through=snapshot.closed_through.get(area)),
        benefit_year=decision.benefit_year,
        benefit=decision.plan.benefit,
        total=bill.total,
        out_of_scope=bill.out_of_scope,
        over_limit=bill.over_limit,
        prior_self_pay=bill.prior_self_pay,
        in_scope=bill.in_scope,
        deductible=decision.deductible,
        pool_ratio=decision.pool_ratio,
        fund_pay=decision.fund_pay,
        account_pay=decision.account_pay,
        cash_pay=decision.cash_pay,
        account_balance=decision.account_balance,
        package=decision.plan.package_hash,
        plan=decision.plan.id,
        begin_at=encounter.begin_at,
        end_at=encounter.end_at,
        disease_code=encounter.disease_code,
        disease_name=encounter.disease_name,
        facts=decision.facts,
        accumulators_before=decision.accumulators_before,
        accumulator_delta={change.period: change.delta for change in decision.counters},
        values=decision.values,
        payments=decision.payments,
        earlier_years=decision.earlier_years or None,
        lines=tuple(
            [line_view(line, encounter.fee_month, encounter.id, asked.settlement_id or None) for line in lines]
        ),
    )


def line_view(priced: PricedLine, month: date, encounter: int, settlement: int | None) -> LineSplitView:
    """A priced line as an answer shows it and as it is stored."""
    line, term, split, ratio = priced
    return LineSplitView(
        line.line_no,
        line.batch,
        line.occurred_at,
        line.item_code,
        line.local_code,
        term.item_class,
        term.charge_type,
        line.quantity,
        line.unit_price,
        line.amount,
        term.price_limit,
        ratio,
        split.out_of_scope,
        split.over_limit,
        split.prior_self_pay,
        split.in_scope,
        line.original_line_no,
        settlement,
        line.details,
        month,
        encounter,
        term.name,
        term.restricted,
        term.basic_drug,
        term.negotiated,
        term.children,
        term.special_service,
        term.kinds,
    )
