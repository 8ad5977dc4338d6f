"""Stays that today's policy divides by other years, counts on another day, or whose fee lines it splits otherwise.

What each year decides is worked out anew from the fee lines, as it was when the stay was settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tongchou.policy import Bill, Plan, StayYear
from tongchou.policy.stays import days_of, year_number
from tongchou.settlement.core import bill as bills
from tongchou.settlement.core.bill import PricedLine
from tongchou.settlement.core.facts import restored
from tongchou.settlement.core.rerun import DIVIDED, LINES, VERSION, Cause, Choice, NewSplit, Part, Standing, fact_causes
from tongchou.settlement.core.views import EarlierYear, LineSplitView
from tongchou.settlement.reading import local_day

PersonOn = Callable[[date, Mapping[str, Any]], tuple[dict[str, object], str]]
"""The stored facts of a visit with the person as known today on a day, and the type of enrolment."""
PART_FACT = "bill."
"""Facts of the parts that a plan pays for in ways of their own: they are those of the lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A year as it was decided: its plan and package, facts, the counters that it saw."""

    plan: str
    package: str
    facts: Mapping[str, Any]
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A stay with its fee lines as they are split today, and the years by which it is divided today."""

    one: Standing
    years: Sequence[StayYear]
    lines: Sequence[LineSplitView]
    priced: Sequence[PricedLine]
    version_of: Callable[[str], str]
    then: dict[date, Decided] = field(default_factory=dict)

    def __post_init__(self) -> None:
        one = self.one
        for year in one.earlier:
            self.then[year.until] = Decided(
                plan=year.plan, package=year.package, facts=year.facts, counters=year.accumulators_before
            )
        self.then[one.day] = Decided(
            plan=one.plan, package=one.package, facts=one.facts, counters=one.accumulators_before
        )

    def choice(self, *, splits: tuple[NewSplit, ...], person_type: str, person_on: PersonOn | None) -> Choice:
        """With what the stay is evaluated again, year by year; years without costs are left out."""
        shares = self._shares()
        bill = bills.bill_of(self.priced)
        causes = self._causes([year for year, _ in shares], bill)
        parts: list[Part] = []
        for year, mine in shares:
            part, person_type, its_causes = self._part(year, mine, bool(parts), person_type, person_on)
            parts.append(part)
            causes += its_causes
        *earlier, last = parts
        return Choice(
            plan=last.plan, facts=last.facts, bill=bill, person_type=person_type, causes=tuple(causes), splits=splits,
            earlier=tuple(earlier), day=last.day, then=last.then,
        )  # fmt: skip

    def _shares(self) -> list[tuple[StayYear, list[PricedLine]]]:
        """The lines of each year that has some; a refund is of the day of what it refunds."""
        days = {line.line_no: local_day(line.occurred_at) for line in self.lines}
        found: list[list[PricedLine]] = [[] for _ in self.years]
        for line, priced in zip(self.lines, self.priced, strict=True):
            day = days.get(line.original_line_no or line.line_no, days[line.line_no])
            found[year_number(day, self.years)].append(priced)
        return [(year, mine) for year, mine in zip(self.years, found, strict=True) if mine]

    def _part(
        self, year: StayYear, mine: list[PricedLine], continued: bool, person_type: str, person_on: PersonOn | None
    ) -> tuple[Part, str, list[Cause]]:
        old = self.then.get(year.day)
        stored = self._visit(year, continued)
        facts: dict[str, object] = restored(stored)
        if person_on is not None:
            facts, person_type = person_on(year.day, stored)
        facts |= bills.part_facts(year.plan, mine)
        causes = [] if old is None else list(fact_causes(year.plan, restored(old.facts), facts))
        if old is not None and old.package != year.plan.package_hash:
            causes.insert(0, Cause(VERSION, year.plan.title, self.version_of(old.plan), self.version_of(year.plan.id)))
        bill = bills.bill_of(mine)
        part = Part(
            plan=year.plan, facts=facts, bill=bill, day=year.day, then=old.counters if old is not None else None,
            year=_blank(year, bill),
        )  # fmt: skip
        return part, person_type, causes

    def _visit(self, year: StayYear, continued: bool) -> dict[str, Any]:
        """The facts of the visit as a year sees them: those stored for it, else those of the whole stay."""
        old = self.then.get(year.day) or self.then[self.one.day]
        facts = {name: value for name, value in old.facts.items() if not name.startswith(PART_FACT)}
        facts.pop("visit.continued", None)
        facts |= {"visit.date": year.day.isoformat(), "visit.days": self._days(year)}
        return facts | ({"visit.continued": True} if continued else {})

    def _days(self, year: StayYear) -> int:
        if len(self.years) == 1:
            return max(1, (year.until - year.since).days)
        return days_of(year, last=year is self.years[-1])

    def _causes(self, years: Sequence[StayYear], bill: Bill) -> list[Cause]:
        one, causes = self.one, []
        before, after = sorted(self.then), [year.day for year in years]
        if before != after:
            causes.append(Cause(DIVIDED, "各年度的计算日期", _days_words(before), _days_words(after)))
            causes.append(
                Cause(VERSION, years[-1].plan.title, self.version_of(one.plan), self.version_of(years[-1].plan.id))
            )
        if bill != one.bill:
            causes.append(Cause(LINES, "符合范围金额(分)", str(one.in_scope), str(bill.in_scope)))
        return causes


def end_of_stay(one: Standing, then: Plan | None) -> date:
    """The last day that a settlement of a stay decided: the discharge, or for a part settled on the way its own day."""
    end = max(one.admitted, one.discharged or one.day)
    if then is None or one.day >= end or then.counts_in == "admission":
        return end
    year_end = then.benefit_year(one.day).end
    cut_at_year = then.counts_in == "split" and year_end is not None and one.day == year_end - timedelta(days=1)
    return end if cut_at_year else one.day


def divides_otherwise(
    one: Standing, years: Sequence[StayYear], then: Plan | None, splits_otherwise: Callable[[str, str, Plan], bool]
) -> bool:
    """Whether what each year decides must be worked out anew from the fee lines."""
    by_day = {year.day: year.plan for year in years}
    was = [(year.until, year.plan, year.package) for year in one.earlier] + [(one.day, one.plan, one.package)]
    if not {day for day, _, _ in was} <= set(by_day):
        return True
    if len(years) == 1:
        return False
    if not one.earlier and (then is None or then.counts_in != "split"):
        return True  # it was decided as a whole
    return any(
        by_day[day].package_hash != package and splits_otherwise(plan, package, by_day[day])
        for day, plan, package in was
    )


def _blank(year: StayYear, bill: Bill) -> EarlierYear:
    """The year as it will be stored if it is not the last; what comes of it is filled in when it is decided."""
    return EarlierYear(
        benefit_year="", since=year.since, until=year.until, package="", plan="", out_of_scope=bill.out_of_scope,
        over_limit=bill.over_limit, prior_self_pay=bill.prior_self_pay, in_scope=bill.in_scope, deductible=0, pool_ratio=0,
        fund_pay=0, account_pay=0, cash_pay=0, facts={}, accumulators_before={}, values=(),
    )  # fmt: skip


def _days_words(days: Sequence[date]) -> str:
    return "、".join(str(day) for day in days)
