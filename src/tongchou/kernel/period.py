"""Periods of days, half-open: ``[start, end)``; an open end is ``None``."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` (included) to ``end`` (not included, ``None`` = without end)."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a period must end after it starts: {self.start} … {self.end}")

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: Period) -> bool:
        """Whether the two periods share a day."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)

    def intersect(self, other: Period) -> Period | None:
        """The days both periods share, or ``None``."""
        if not self.overlaps(other):
            return None
        ends = [end for end in (self.end, other.end) if end is not None]
        return Period(max(self.start, other.start), min(ends) if ends else None)

    def days(self) -> int:
        """Number of days.

        Raises:
            ValueError: the period has no end.
        """
        if self.end is None:
            raise ValueError("a period without end has no length")
        return (self.end - self.start).days


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later; the last day of the month where that day does not exist (31 Jan + 1 → 28/29 Feb)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def first_of_next_month(day: date) -> date:
    """The first day of the following month (次月一日)."""
    return add_months(day.replace(day=1), 1)


def age_on(birth: date, day: date) -> int:
    """Completed years of age (周岁) on a day; the birthday itself counts, 29 Feb counts from 1 Mar in common years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
