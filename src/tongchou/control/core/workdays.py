"""Working days (工作日) with the published holidays and the weekends that are worked instead (调休)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

HOLIDAY, WORKED = "holiday", "worked"


def is_working_day(*, day: date, exceptions: Mapping[date, str]) -> bool:
    """Whether offices are open: Monday to Friday, unless the calendar says otherwise."""
    kind = exceptions.get(day)
    return kind == WORKED if kind else day.weekday() < 5


def after_working_days(*, start: date, days: int, exceptions: Mapping[date, str]) -> date:
    """The last day of a time limit of so many working days; the day of ``start`` does not count (限时办结)."""
    day, left = start, days
    while left > 0:
        day += timedelta(days=1)
        left -= is_working_day(day=day, exceptions=exceptions)
    return day
