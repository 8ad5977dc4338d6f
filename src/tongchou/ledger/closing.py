"""Closing a business day: compare the views, keep the figures, write the balances at the end of the day."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tongchou.ledger import core, queries
from tongchou.ledger.rejections import DAY_NOT_OVER, EARLIER_DAY_OPEN, FIGURES_DIFFER, UNKNOWN_AREA
from tongchou.ledger.services import LOCAL

Witness = Callable[[str, date], dict[str, dict[str, int]]]
"""Given area and day, other rooms' views of the day: name of the view → figure → fen."""

TOTAL, FUND_TOTAL, ACCOUNT, CASH = "医疗费总额", "基金支付合计", "个人账户支付", "个人现金支付"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """What a day closed with: name of the view (机构, 结算, 账簿) → figure → fen, and the number of journals."""

    area: str
    day: date
    journals: int
    views: Mapping[str, Mapping[str, int]]
    closed_at: datetime


def day_of_ledger(area: str, day: date) -> dict[str, dict[str, int]]:
    """The ledger's own view of a day's settlements, in fen: per fund, personal accounts, cash and their total."""
    moved = queries.rows(
        """
        SELECT a.code, sum(e.amount) FROM ledger_entry e
        JOIN ledger_account a ON a.id = e.account_id
        JOIN ledger_journal j ON j.id = e.journal_id
        WHERE j.area = %s AND j.business_date = %s AND j.cause = 'settlement'
          AND (a.code LIKE '5001.%%' OR a.code IN ('2201', '9001'))
        GROUP BY a.code
        """,
        area,
        day,
    )
    by_code = {code: int(amount) for code, amount in moved}
    funds = {code.removeprefix("5001."): amount for code, amount in by_code.items() if code.startswith("5001.")}
    account, cash = by_code.get("2201", 0), by_code.get("9001", 0)
    paid = sum(funds.values())
    view = {TOTAL: paid + account + cash, FUND_TOTAL: paid, ACCOUNT: account, CASH: cash, **funds}
    return {"账簿": view}


def close_day(*, area: str, day: date, now: datetime, witnesses: tuple[Witness, ...] = ()) -> DayFigures:
    """Close a business day of an area. Closing a closed day again returns what it closed with.

    Posting waits meanwhile (advisory lock of the area), so nothing can slip in between comparing and closing.

    Raises:
        Rejection: LEDG-006 an earlier day is open, LEDG-007 the day has not come, LEDG-008 the views differ,
            LEDG-010 the area has no chart.
    """
    if day > now.astimezone(LOCAL).date():
        raise DAY_NOT_OVER(day=day)
    if area not in queries.areas():
        raise UNKNOWN_AREA(area=area)
    with transaction.atomic():
        queries.rows("SELECT pg_advisory_xact_lock(ledger_area_lock_key(%s))", area)
        stored = figures_of(area=area, day=day)
        if stored is not None:
            return stored
        last = queries.closed_through(area=area)
        if last is not None and day < last:
            return _closed_with(area=area, day=day, last=last, witnesses=witnesses)
        _refuse_gap(area=area, day=day)
        views = views_of(area=area, day=day, witnesses=witnesses)
        differences = core.differing(views)
        if differences:
            raise FIGURES_DIFFER(area=area, day=day, differences="；".join(differences))
        figures = DayFigures(area=area, day=day, journals=_journals(area, day), views=views, closed_at=now)
        _store(figures, last)
        return figures


def views_of(*, area: str, day: date, witnesses: tuple[Witness, ...] = ()) -> dict[str, dict[str, int]]:
    """All views of a day, open or closed: the witnesses' first, the ledger's last. A fund one view leaves out is 0."""
    views: dict[str, dict[str, int]] = {}
    for witness in (*witnesses, day_of_ledger):
        views.update(witness(area, day))
    funds = {figure for view in views.values() for figure in view if figure.isdigit()}
    for view in views.values():
        if any(figure.isdigit() for figure in view):
            view.update({fund: 0 for fund in funds if fund not in view})
    return views


def figures_of(*, area: str, day: date) -> DayFigures | None:
    """What a day closed with, or ``None`` while it is open."""
    found = queries.rows(
        "SELECT closed_at, figures FROM ledger_businessday WHERE area = %s AND day = %s AND closed_at IS NOT NULL",
        area,
        day,
    )
    if not found:
        return None
    closed_at, raw = found[0]
    figures: dict[str, Any] = json.loads(raw) if isinstance(raw, str) else raw
    return DayFigures(area=area, day=day, journals=figures["journals"], views=figures["views"], closed_at=closed_at)


def open_days(*, area: str, until: date) -> list[date]:
    """Days up to ``until`` that have journals and are not closed, oldest first."""
    last = queries.closed_through(area=area)
    found = queries.rows(
        """
        SELECT DISTINCT business_date FROM ledger_journal
        WHERE area = %s AND business_date <= %s AND business_date > %s ORDER BY 1
        """,
        area,
        until,
        last or date.min,
    )
    return [day for (day,) in found]


def _refuse_gap(*, area: str, day: date) -> None:
    earlier = open_days(area=area, until=day - timedelta(days=1))
    if earlier:
        raise EARLIER_DAY_OPEN(area=area, open_day=earlier[0], day=day)


def _closed_with(*, area: str, day: date, last: date, witnesses: tuple[Witness, ...]) -> DayFigures:
    """The figures of a day without journals, which was closed together with a later one."""
    later = figures_of(area=area, day=last)
    if later is None:
        raise AssertionError(f"the last closed day {last} of {area} has no figures")
    views = views_of(area=area, day=day, witnesses=witnesses)
    return DayFigures(area=area, day=day, journals=_journals(area, day), views=views, closed_at=later.closed_at)


def _journals(area: str, day: date) -> int:
    found = queries.rows("SELECT count(*) FROM ledger_journal WHERE area = %s AND business_date = %s", area, day)
    return int(found[0][0])


def _store(figures: DayFigures, last: date | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_businessday (area, day, closed_at, figures) VALUES (%s, %s, %s, %s::jsonb)
            ON CONFLICT (area, day) DO UPDATE SET closed_at = excluded.closed_at, figures = excluded.figures
            """,
            [
                figures.area,
                figures.day,
                figures.closed_at,
                json.dumps({"journals": figures.journals, "views": figures.views}, ensure_ascii=False),
            ],
        )
        cursor.execute(SNAPSHOT, {"area": figures.area, "day": figures.day, "last": last or date.min})


SNAPSHOT = """
INSERT INTO ledger_dailybalance (area, day, account_id, party, balance)
SELECT %(area)s, %(day)s::date, account_id, party, sum(amount)
FROM (
    SELECT account_id, party, balance AS amount FROM ledger_dailybalance WHERE area = %(area)s AND day = %(last)s::date
    UNION ALL
    SELECT e.account_id, CASE WHEN a.party_kind = 'person' THEN 0 ELSE e.party END, e.amount
    FROM ledger_journal j JOIN ledger_entry e ON e.journal_id = j.id JOIN ledger_account a ON a.id = e.account_id
    WHERE j.area = %(area)s AND j.business_date > %(last)s::date AND j.business_date <= %(day)s::date
) AS moved
GROUP BY account_id, party HAVING sum(amount) <> 0
"""
