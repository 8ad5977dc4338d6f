"""The working-day calendar: published holidays and worked weekends, editable with two people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from tongchou.control import rejections
from tongchou.control.core.workdays import after_working_days, is_working_day
from tongchou.control.models import CalendarDay

SOURCE_2026 = "国办发明电〔2025〕7号"
PUBLISHED_2026: tuple[tuple[str, str, str, str], ...] = (
    ("2026-01-01", "2026-01-03", "holiday", "元旦"),
    ("2026-01-04", "2026-01-04", "worked", "元旦调休"),
    ("2026-02-14", "2026-02-14", "worked", "春节调休"),
    ("2026-02-15", "2026-02-23", "holiday", "春节"),
    ("2026-02-28", "2026-02-28", "worked", "春节调休"),
    ("2026-04-04", "2026-04-06", "holiday", "清明节"),
    ("2026-05-01", "2026-05-05", "holiday", "劳动节"),
    ("2026-05-09", "2026-05-09", "worked", "劳动节调休"),
    ("2026-06-19", "2026-06-21", "holiday", "端午节"),
    ("2026-09-20", "2026-09-20", "worked", "国庆节调休"),
    ("2026-09-25", "2026-09-27", "holiday", "中秋节"),
    ("2026-10-01", "2026-10-07", "holiday", "国庆节"),
    ("2026-10-10", "2026-10-10", "worked", "国庆节调休"),
)
"""First day, last day, kind, name: the holidays of 2026 as the State Council published them."""


def ensure_calendar() -> None:
    """Enter the published holidays that an instance has not. Idempotent."""
    rows = []
    for first, last, kind, name in PUBLISHED_2026:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            rows.append(CalendarDay(day=day, kind=kind, name=name, source=SOURCE_2026))
            day += timedelta(days=1)
    CalendarDay.objects.bulk_create(rows, ignore_conflicts=True)


def exceptions(*, since: date, until: date) -> dict[date, str]:
    """The days from ``since`` to ``until`` that are not what their weekday says."""
    return dict(CalendarDay.objects.filter(day__gte=since, day__lte=until).values_list("day", "kind"))


def working_day(*, day: date) -> bool:
    """Are offices open on that day?"""
    return is_working_day(day=day, exceptions=exceptions(since=day, until=day))


def deadline_after(*, start: date, days: int) -> date:
    """The last day of a limit of so many working days; the first day does not count."""
    until = start + timedelta(days=days * 3 + 30)
    return after_working_days(start=start, days=days, exceptions=exceptions(since=start, until=until))


def set_day(*, payload: dict[str, Any], now: datetime) -> str:
    """Executor of kind ``calendar.day``: ``payload`` has day, kind (holiday, worked, or empty for 'as the weekday says')."""
    day = date.fromisoformat(payload["day"])
    if not payload["kind"]:
        CalendarDay.objects.filter(day=day).delete()
        return f"{day} 恢复为平常日"
    CalendarDay.objects.update_or_create(
        day=day,
        defaults={"kind": payload["kind"], "name": payload["name"][:40], "source": payload.get("source", "")[:200]},
    )
    return f"{day} {payload['name']}"


def check_day(payload: dict[str, Any]) -> None:
    """Look at a change of the calendar before it is handed in.

    Raises:
        Rejection: CTRL-041 no name, CTRL-042 the day can't be read or is past, or the kind is unknown.
    """
    try:
        day = date.fromisoformat(payload["day"])
    except ValueError:
        raise rejections.WRONG_DAY(day=payload["day"][:20], why="不是日期") from None
    if day < timezone.localdate():
        raise rejections.WRONG_DAY(day=day, why="已经过去，期限已按当时的日历计算")
    if payload["kind"] and not payload["name"].strip():
        raise rejections.WRONG_VALUE(name="名称", value="", why="不能为空", field="name")
    if payload["kind"] not in ("", *CalendarDay.Kind.values):
        raise rejections.WRONG_DAY(day=payload["day"], why="类型不正确")
