"""Closing a day: what institutions list = what was settled = what the ledger says, per fund, to the fen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tongchou.ledger import api as ledger
from tongchou.ledger.api import ACCOUNT, ACCOUNT_FUNDS, CASH, FUND_TOTAL, TOTAL, DayFigures
from tongchou.settlement.database import run
from tongchou.settlement.models import Reconciliation
from tongchou.settlement.statements import DayParts, Scope, parts_of

SETTLEMENTS, INSTITUTIONS, LEDGER = "结算", "机构", "账簿"

_SETTLED = """
SELECT coalesce(sum(total), 0), coalesce(sum(fund_pay), 0), coalesce(sum(account_pay), 0), coalesce(sum(cash_pay), 0)
FROM settlement_settlement WHERE area = %s AND business_date = %s
"""
_SETTLED_FUNDS = """
SELECT y.fund, sum(y.amount) FROM settlement_settlement s JOIN settlement_payment y ON y.settlement_id = s.id
WHERE s.area = %s AND s.business_date = %s GROUP BY y.fund
"""
_OWED = """
SELECT CASE WHEN a.code IN ('9002', '9003') THEN '9002' ELSE a.fund END AS figure, -sum(e.amount) FROM ledger_journal j
JOIN ledger_entry e ON e.journal_id = j.id JOIN ledger_account a ON a.id = e.account_id
WHERE j.area = %s AND j.business_date = %s AND j.cause = 'settlement' AND e.party <> 0
  AND (starts_with(a.code, '2101.') OR starts_with(a.code, '2102.') OR a.code IN ('9002', '9003'))
GROUP BY figure
"""
_SETTLING = """
SELECT DISTINCT s.institution_code FROM settlement_settlement s
WHERE s.area = %s AND s.business_date = %s AND NOT EXISTS (
    SELECT 1 FROM settlement_replacement r WHERE r.reversal_id = s.id OR r.successor_id = s.id)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an institution stated for the day (its last 3201 for that scope), and what the centre has now; fen."""

    institution_code: str
    scheme: str
    clearing_type: str
    claimed: Mapping[str, int]
    own: Mapping[str, int]
    at: datetime

    @property
    def equal(self) -> bool:
        """Whether both sides agree now."""
        return all(self.claimed.get(name) == fen for name, fen in self.own.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """The day's reconciliation: view → figure → fen, the institutions' own statements, and who has not stated any."""

    area: str
    day: date
    closed: bool
    views: Mapping[str, Mapping[str, int]]
    claims: tuple[Claim, ...]
    silent: tuple[str, ...]

    @property
    def figures(self) -> list[str]:
        """The figures in the order of a reconciliation table: total, funds together, each fund, account, cash."""
        funds = sorted({name for view in self.views.values() for name in view if name.isdigit()})
        return [TOTAL, FUND_TOTAL, *funds, ACCOUNT, CASH]

    @property
    def equal(self) -> bool:
        """Whether all views and statements agree."""
        same = all(len({view.get(name, 0) for view in self.views.values()}) <= 1 for name in self.figures)
        return same and all(claim.equal for claim in self.claims)


def day_view(*, area: str, day: date) -> DayView:
    """The reconciliation of a day, open or closed."""
    views = ledger.views_of(area=area, day=day, witnesses=(settled_and_owed,))
    claims = claims_of(area=area, day=day)
    stated = {claim.institution_code for claim in claims}
    silent = tuple(code for (code,) in run(_SETTLING, (area, day)) if code not in stated)
    closed = ledger.is_closed(area=area, day=day)
    return DayView(area=area, day=day, closed=closed, views=views, claims=claims, silent=silent)


def close_day(*, area: str, day: date, now: datetime) -> DayFigures:
    """Close a business day of an area. Idempotent.

    Raises:
        Rejection: LEDG-006 an earlier day is open, LEDG-007 the day has not come, LEDG-008 figures differ (they are named).
    """
    return ledger.close_day(area=area, day=day, now=now, witnesses=WITNESSES)


def settled_and_owed(area: str, day: date) -> dict[str, dict[str, int]]:
    """Two views: what the settlement rows say, and what is owed to the institutions (their payables and cash).

    What a re-run owes persons, or they owe it, belongs to the second view: the institutions' share did not move with it.
    """
    total, fund_pay, account, cash = (int(amount) for amount in run(_SETTLED, (area, day))[0])
    funds = {fund: int(amount) for fund, amount in run(_SETTLED_FUNDS, (area, day))}
    settled = {TOTAL: total, FUND_TOTAL: fund_pay, ACCOUNT: account, CASH: cash, **funds}
    owed = {figure: int(amount) for figure, amount in run(_OWED, (area, day))}
    received = owed.pop("9002", 0)
    from_accounts = sum(owed.pop(fund, 0) for fund in ACCOUNT_FUNDS)
    paid = sum(owed.values())
    institutions = {
        TOTAL: paid + from_accounts + received,
        FUND_TOTAL: paid,
        ACCOUNT: from_accounts,
        CASH: received,
        **owed,
    }
    return {INSTITUTIONS: institutions, SETTLEMENTS: settled}


def statements(area: str, day: date) -> dict[str, dict[str, int]]:
    """The institutions' own statements of the day beside the centre's figures, so that a difference stops the closing."""
    views: defaultdict[str, dict[str, int]] = defaultdict(dict)
    titles = {"total": TOTAL, "fund_pay": FUND_TOTAL, "account_pay": ACCOUNT}
    for claim in claims_of(area=area, day=day):
        where = f"{claim.institution_code} 险种 {claim.scheme or '全部'} 清算类别 {claim.clearing_type or '全部'}"
        for name, title in titles.items():
            views["机构对账"][f"{where} {title}"] = claim.claimed.get(name, 0)
            views["中心对账"][f"{where} {title}"] = claim.own.get(name, 0)
    return dict(views)


WITNESSES = (settled_and_owed, statements)
"""Who else than the ledger is asked about a day before it closes."""


def claims_of(*, area: str, day: date) -> tuple[Claim, ...]:
    """The institutions' last statements (3201) for exactly this day, with the centre's figures as they are now."""
    codes = [code for (code,) in run(_SETTLING, (area, day))]
    found: dict[tuple[str, str, str, str], Reconciliation] = {}
    rows = Reconciliation.objects.filter(
        transaction="3201", begin_date=day, end_date=day, institution_code__in=codes
    ).order_by("created_at", "pk")
    for row in rows:
        found[row.institution_code, row.scheme, row.clearing_type, row.claimed.get("refund", "")] = row
    own = parts_of(institutions=codes, begin=day, end=day)
    return tuple(_claim(row, own) for _, row in sorted(found.items()))


def _claim(row: Reconciliation, parts: DayParts) -> Claim:
    refund = row.claimed.get("refund", "")
    scope = Scope(
        institution_code=row.institution_code,
        begin=row.begin_date,
        end=row.end_date,
        scheme=row.scheme,
        clearing_type=row.clearing_type,
        refund=refund,
    )
    own = parts.totals_of(scope)
    return Claim(
        institution_code=row.institution_code,
        scheme=row.scheme,
        clearing_type=row.clearing_type,
        claimed={name: fen for name, fen in row.claimed.items() if name != "refund"},
        own={"total": own.total, "fund_pay": own.fund_pay, "account_pay": own.account_pay, "count": own.count},
        at=row.created_at,
    )
