"""Which plan decides which days of a stay: one, or one for each benefit year where the policy divides it by the dates of its costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from tongchou.policy.plan import Plan


class StayYear(NamedTuple):
    """The days of a stay that one plan decides, both ends included; ``day`` chooses the rules and the counters."""

    plan: Plan
    since: date
    until: date
    day: date


def years_of_stay(plan_on: Callable[[date], Plan], *, admitted: date, discharged: date) -> tuple[StayYear, ...]:
    """The plans of a visit and the days that each decides: one, or one for each benefit year where the pack says ``split``.

    The version in force on discharge says which day of a stay counts, and whether it is divided; each year is decided by
    the version in force on its last day.

    Args:
        plan_on: the plan of the visit's benefit that is in force on a day; what it raises is passed on.
    """
    plan = plan_on(discharged)
    if admitted == discharged:
        return (StayYear(plan, admitted, discharged, discharged),)
    if plan.counts_in != "split":
        day = plan.counting_date(admitted=admitted, discharged=discharged)
        return (StayYear(plan if day == discharged else plan_on(day), admitted, discharged, day),)
    years, since = [], admitted
    while since <= discharged:
        end = plan.benefit_year(since).end
        until = discharged if end is None or end > discharged else end - timedelta(days=1)
        years.append(StayYear(plan if until == discharged else plan_on(until), since, until, until))
        since = until + timedelta(days=1)
    return tuple(years)


def year_number(day: date, years: Sequence[StayYear]) -> int:
    """The number of the year that a cost belongs to; what lies before the first day or after the last is of the first or last."""
    return next((number for number, year in enumerate(years) if day <= year.until), len(years) - 1)


def days_of(year: StayYear, *, last: bool) -> int:
    """Days of a stay in one of its years: the day of discharge does not count, but every year has at least one."""
    return max(1, (year.until - year.since).days + (0 if last else 1))
