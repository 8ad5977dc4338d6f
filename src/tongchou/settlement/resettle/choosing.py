"""With what a settlement is evaluated again: the person as known today, the policy as known today, the lines split by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tongchou.catalogues.api import revision as catalogue_revision
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, LineSplit, Plan, StayYear
from tongchou.providers import api as providers
from tongchou.settlement import explaining, planning, rejections
from tongchou.settlement.core import bill as bills
from tongchou.settlement.core.bill import PricedLine
from tongchou.settlement.core.decision import admit_person, med_type_of
from tongchou.settlement.core.facts import Visit, facts_of, restored
from tongchou.settlement.core.inputs import LineInput
from tongchou.settlement.core.rerun import LINES, VERSION, Cause, Choice, NewSplit, Part, Standing, fact_causes
from tongchou.settlement.core.snapshots import Snapshot
from tongchou.settlement.core.tables import APPROVED, DISAPPROVED
from tongchou.settlement.core.views import EarlierYear, LineSplitView
from tongchou.settlement.reading import Question, local_day, read_snapshots
from tongchou.settlement.resettle.dividing import Division, divides_otherwise, end_of_stay
from tongchou.settlement.resettle.reading import read_lines

SELF_PAID_CLASS = "03"
"""Class 丙: out of scope by its class, not by the hospital's decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a re-run looks at: days of service of an area; whether persons and policy are taken as they are known today."""

    area: str
    begin: date
    end: date
    scheme: str = ""
    facts: bool = True
    policy: bool = True

    def covers(self, one: Standing) -> bool:
        """Is the settlement's day of service inside? Those outside are evaluated only for their counters."""
        return self.begin <= one.day <= self.end


@dataclass(slots=True)
class Chooser:
    """Chooses for one person after the other; plans of the past are found once."""

    scope: Scope
    _plans: dict[tuple[str, str], Plan] = field(default_factory=dict)
    _lines: dict[int, tuple[LineSplitView, ...]] = field(default_factory=dict)
    _otherwise: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _levels: dict[tuple[str, date], str] = field(default_factory=dict)
    _catalogue: int | None = None

    def __post_init__(self) -> None:
        planning.book()  # what was published meanwhile counts from here on

    def __call__(self, one: Standing) -> Choice:
        """The choice for one settlement.

        Raises:
            Rejection: SETL-071 other area, SETL-010 … SETL-014 not entitled any more, POL-0xx.
        """
        inside = self.scope.covers(one)
        if inside and self.scope.policy:
            years = self._years_today(one)
            if years and divides_otherwise(one, years, self._then(one), self._splits_otherwise):
                return self._divided(one, years)
        known = _known(one) if inside and self.scope.facts else None
        facts, person_type = restored(one.facts), one.person_type
        if known is not None:
            facts, person_type = self._facts(one, one.facts, known)
        *before, plan = self._plans_today(one) if inside and self.scope.policy else self._plans_then(one)
        causes: tuple[Cause, ...] = ()
        bill = one.bill
        splits: tuple[NewSplit, ...] = ()
        if plan.package_hash != one.package:
            bill, splits, parts = self._split_again(one, plan)
            facts |= parts
            causes = self._version_causes(one, plan, bill)
        if known is not None:
            causes += fact_causes(plan, restored(one.facts), facts)
        earlier = []
        for year, its_plan in zip(one.earlier, before, strict=True):
            part, its_causes = self._earlier(one, year, its_plan, known)
            earlier.append(part)
            causes += its_causes
        return Choice(
            plan=plan, facts=facts, bill=bill, person_type=person_type, causes=causes, splits=splits,
            earlier=tuple(earlier),
        )  # fmt: skip

    def _earlier(
        self, one: Standing, year: EarlierYear, plan: Plan, known: Snapshot | None
    ) -> tuple[Part, tuple[Cause, ...]]:
        """An earlier year of a divided stay: the person as on its last day, its own plan, its own costs."""
        then = restored(year.facts)
        facts = then
        causes: tuple[Cause, ...] = ()
        if plan.package_hash != year.package:
            causes = (Cause(VERSION, plan.title, version_of(year.plan), version_of(plan.id)),)
        if known is not None and known.person is not None:
            facts, _ = self._facts(one, year.facts, _person_on(one, year.until))
            causes += fact_causes(plan, then, facts)
        bill = Bill(year.out_of_scope, year.over_limit, year.prior_self_pay, year.in_scope)
        part = Part(plan=plan, facts=facts, bill=bill, day=year.until, then=year.accumulators_before, year=year)
        return part, causes

    def _facts(self, one: Standing, stored: Mapping[str, Any], known: Snapshot) -> tuple[dict[str, object], str]:
        """The stored facts of the visit with those of the person as known today."""
        number = known.person.number if known.person is not None else ""
        insured = admit_person(snapshot=known, person_number=number, scheme=one.scheme)
        if insured.enrolment.pooling_area != one.area:
            raise rejections.RERUN_OTHER_AREA(settlement=one.id, area=insured.enrolment.pooling_area)
        anywhere = Visit(level="1", local=True, chinese_medicine=False, emergency=False, rule_day=known.day)
        fresh = facts_of(
            person=insured.person,
            enrolment=insured.enrolment,
            continuous_since=insured.entitlement.continuous_since,
            visit=anywhere,
        )
        facts = {name: value for name, value in restored(stored).items() if not name.startswith("person.")}
        facts.update((name, value) for name, value in fresh.items() if name.startswith("person."))
        return facts, insured.enrolment.person_type

    def _years_today(self, one: Standing) -> tuple[StayYear, ...]:
        """By which years a stay is decided, as known today; none of what is no stay."""
        med_type = med_type_of(one.med_type)
        if not med_type.stay:
            return ()
        return planning.years_of_stay(
            area=one.area,
            scheme=one.scheme,
            med_type=med_type,
            admitted=one.admitted,
            discharged=end_of_stay(one, self._then(one)),
        )

    def _plans_today(self, one: Standing) -> tuple[Plan, ...]:
        """The plans of the years of a visit, as known today; a visit that is not divided has one."""
        years = self._years_today(one)
        if not years:
            med_type = med_type_of(one.med_type)
            return (planning.choose_plan(area=one.area, scheme=one.scheme, med_type=med_type, on=one.day),)
        plans = {year.day: year.plan for year in years}
        return (*(plans[year.until] for year in one.earlier), plans[one.day])

    def _then(self, one: Standing) -> Plan | None:
        """The plan of the day, as it was; ``None`` where it is not found any more."""
        try:
            return self._plan_then(one.plan, one.package)
        except Rejection:
            return None

    def _divided(self, one: Standing, years: tuple[StayYear, ...]) -> Choice:
        """The choice for a stay whose years or fee lines are decided otherwise today."""
        lines = self._lines.get(one.id) or read_lines([one]).get(one.id, ())
        priced = [self._price(line, one) for line in lines]
        division = Division(one=one, years=years, lines=lines, priced=priced, version_of=version_of)
        return division.choice(
            splits=_new_splits(lines, priced),
            person_type=one.person_type,
            person_on=(lambda day, stored: self._facts(one, stored, _person_on(one, day)))
            if self.scope.facts
            else None,
        )

    def _plans_then(self, one: Standing) -> tuple[Plan, ...]:
        years = [(year.plan, year.package) for year in one.earlier]
        return tuple(self._plan_then(*key) for key in (*years, (one.plan, one.package)))

    def _plan_then(self, plan_id: str, package: str) -> Plan:
        key = (plan_id, package)
        if key not in self._plans:
            self._plans[key] = explaining.plan_of(plan_id=plan_id, package=package)
        return self._plans[key]

    def _split_again(self, one: Standing, plan: Plan) -> tuple[Bill, tuple[NewSplit, ...], dict[str, Any]]:
        """The bill under another version: split again only if the line rules or the parts are others."""
        if not self._splits_otherwise(one.plan, one.package, plan):
            return one.bill, (), {}
        lines = self._lines.get(one.id) or read_lines([one]).get(one.id, ())
        priced = [self._price(line, one) for line in lines]
        return bills.bill_of(priced), _new_splits(lines, priced), bills.part_facts(plan, priced)

    def _splits_otherwise(self, plan_id: str, package: str, plan: Plan) -> bool:
        """Whether a plan may split the lines in another way than the one that was used, or pays for parts of them."""
        key = (plan_id, package, plan.id)
        if key not in self._otherwise:
            try:
                then = self._plan_then(plan_id, package).program.lines
            except Rejection:
                then = None
            self._otherwise[key] = bool(plan.program.parts) or then is None or then != plan.program.lines
        return self._otherwise[key]

    def look_ahead(self, settlements: Iterable[Standing]) -> None:
        """Read the lines of those that another version splits again, all at once; the ones before are forgotten."""
        self._lines = read_lines(one for one in settlements if self._needs_lines(one))

    def _needs_lines(self, one: Standing) -> bool:
        if not (self.scope.policy and self.scope.covers(one)):
            return False
        try:
            years = self._years_today(one)
            if years and divides_otherwise(one, years, self._then(one), self._splits_otherwise):
                return True
            plan = self._plans_today(one)[-1]
        except Rejection:
            return False
        if one.earlier:
            return False
        return plan.package_hash != one.package and self._splits_otherwise(one.plan, one.package, plan)

    def _price(self, line: LineSplitView, one: Standing) -> PricedLine:
        """A stored line split by the policy and the catalogue of its own day, as both are known today."""
        day = local_day(line.occurred_at)
        plan = planning.choose_plan(
            area=one.area, scheme=one.scheme, med_type=med_type_of(one.med_type), on=self._line_day(day, one)
        )
        if self._catalogue is None:
            self._catalogue = catalogue_revision()
        level = self._level(one.institution_code, one.day)
        terms = planning.catalogue.terms(
            codes=[line.item_code],
            scheme=one.scheme,
            on=self._line_day(day, one),
            level=level,
            revision=self._catalogue,
        )
        if line.item_code not in terms:
            raise rejections.ITEM_NOT_IN_FORCE(
                line_no=line.line_no, item_code=line.item_code, day=day, scheme=one.scheme
            )
        refused = line.item_class != SELF_PAID_CLASS and line.out_of_scope == line.amount
        asked = LineInput(
            line_no=line.line_no,
            item_code=line.item_code,
            local_code=line.local_code,
            occurred_at=line.occurred_at,
            quantity=line.quantity,
            unit_price=line.unit_price,
            amount=line.amount,
            approval_flag=DISAPPROVED if refused else APPROVED,
        )
        return bills.split_line(line=asked, term=terms[line.item_code], plan=plan)

    def _level(self, institution: str, day: date) -> str:
        key = (institution, day)
        if key not in self._levels:
            self._levels[key] = providers.describe(code=institution, on=day).level
        return self._levels[key]

    def _line_day(self, day: date, one: Standing) -> date:
        """Purchases split all lines by their own day, visits and stays each line by the line's."""
        return day if one.admitted <= day <= (one.discharged or day) + timedelta(days=1) else one.day

    def _version_causes(self, one: Standing, plan: Plan, bill: Bill) -> tuple[Cause, ...]:
        causes = [Cause(VERSION, plan.title, version_of(one.plan), version_of(plan.id))]
        if bill != one.bill:
            causes.append(Cause(LINES, "符合范围金额(分)", str(one.in_scope), str(bill.in_scope)))
        return tuple(causes)


def _known(one: Standing) -> Snapshot:
    """The person as known today, on the day of the settlement."""
    return Snapshot(
        day=one.day, catalogue_revision=0, provider_revision=0, person=one.person, entitlement=one.entitlement
    )


def _person_on(one: Standing, day: date) -> Snapshot:
    """The person as known today, on another day of the stay."""
    if one.person is None:
        return Snapshot(day=day, catalogue_revision=0, provider_revision=0)
    number = one.person.number
    question = Question(institution="", message="", person=number, scheme=one.scheme, day=day, today=day)
    return _known(one) if day == one.day else read_snapshots([question])[0]


def _new_splits(lines: Sequence[LineSplitView], priced: Sequence[PricedLine]) -> tuple[NewSplit, ...]:
    """The lines that are split otherwise today."""
    return tuple(
        NewSplit(line.line_no, *new.split, new.ratio)
        for line, new in zip(lines, priced, strict=True)
        if (*new.split, new.ratio) != (*_split_of(line), line.prior_self_pay_ratio)
    )


def version_of(plan_id: str) -> str:
    """A version as people name it: the day it is in force from, and the beginning of its hash."""
    rest = plan_id.partition("@")[2]
    since, _, digest = rest.partition("#")
    return f"{since.partition('?')[0]} 版 {digest}"


def _split_of(line: LineSplitView) -> LineSplit:
    return LineSplit(line.out_of_scope, line.over_limit, line.prior_self_pay, line.in_scope)
