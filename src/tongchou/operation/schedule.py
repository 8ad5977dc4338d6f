"""What happens by the clock: each minute the log is collected and the outbox emptied; nights and months have plans.

The times are settings of the instance (``TONGCHOU_DAILY_AT``, ``TONGCHOU_MONTHLY_AT``), local time.
"""

from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from tongchou.control.api import organisations
from tongchou.operation import archive, backup, messages, plans, servers
from tongchou.operation.health import pooling_areas
from tongchou.operation.models import PlanRun
from tongchou.operation.rejections import NOT_EMBEDDED

DAILY_AT = time.fromisoformat(os.environ.get("TONGCHOU_DAILY_AT", "00:30"))
MONTHLY_AT = time.fromisoformat(os.environ.get("TONGCHOU_MONTHLY_AT", "03:00"))
LATEST_HOURS = 12
"""A plan that was missed because nothing ran is still started within this time."""


def every_minute() -> None:
    """The work of one minute; each part is idempotent."""
    now = timezone.now()
    messages.deliver(now=now)
    organisations.take_up(today=timezone.localdate(now))
    collect_log()
    start_due_plans(now.astimezone(timezone.get_default_timezone()))


def collect_log() -> int:
    """Compress and seal what the embedded server archived since the last minute."""
    from tongchou.kernel.rejection import Rejection

    try:
        server = servers.embedded()
    except Rejection as refusal:
        if refusal.kind is NOT_EMBEDDED:
            return 0
        raise
    return archive.collect(backup.default_store(), server)


def start_due_plans(now: datetime) -> list[PlanRun]:
    """Start the day's and the month's plan when their time has come, once each.

    Args:
        now: local time of the centre.
    """
    started = []
    for plan, day, _ in due_plans(now):
        for area in pooling_areas():
            if not PlanRun.objects.filter(plan=plan, area=area, day=day).exists():
                started.append(plans.start(plan=plan, area=area, day=day, now=now))
    return started


def due_plans(now: datetime) -> list[tuple[str, date, datetime]]:
    """Plan, day it is for, and time it was due, of what should have begun within the last hours."""
    yesterday = now.date() - timedelta(days=1)
    daily_at = datetime.combine(now.date(), DAILY_AT, now.tzinfo)
    found = [("daily", yesterday, daily_at)]
    if now.day == 1:
        found.append(("monthly", yesterday, datetime.combine(now.date(), MONTHLY_AT, now.tzinfo)))
    return [(plan, day, at) for plan, day, at in found if at <= now < at + timedelta(hours=LATEST_HOURS)]
