"""Reads of the reconciliation pages: the days, and the institutions of one day."""

from __future__ import annotations

from datetime import date

from tongchou.web.database import Row, rows

_DAYS = """
SELECT d.day, b.closed_at, coalesce(s.settlements, 0) AS settlements, coalesce(s.revocations, 0) AS revocations,
       coalesce(s.total, 0)::bigint AS total, coalesce(s.fund_pay, 0)::bigint AS fund_pay,
       coalesce(s.account_pay, 0)::bigint AS account_pay, coalesce(s.cash_pay, 0)::bigint AS cash_pay
FROM (SELECT day FROM ledger_businessday WHERE area = %(area)s
      UNION SELECT DISTINCT business_date FROM settlement_settlement WHERE area = %(area)s) d
LEFT JOIN ledger_businessday b ON b.area = %(area)s AND b.day = d.day
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE direction = 1) AS settlements, count(*) FILTER (WHERE direction = -1) AS revocations,
           sum(total) AS total, sum(fund_pay) AS fund_pay, sum(account_pay) AS account_pay, sum(cash_pay) AS cash_pay
    FROM settlement_settlement WHERE area = %(area)s AND business_date = d.day) s ON true
WHERE d.day <= %(until)s ORDER BY d.day DESC LIMIT %(limit)s OFFSET %(offset)s"""

_BY_INSTITUTION = """
WITH settled AS (
    SELECT institution_code AS code, count(*) FILTER (WHERE direction = 1) AS settlements,
           count(*) FILTER (WHERE direction = -1) AS revocations, sum(total)::bigint AS total,
           sum(fund_pay)::bigint AS fund_pay, sum(account_pay)::bigint AS account_pay, sum(cash_pay)::bigint AS cash_pay
    FROM settlement_settlement WHERE area = %(area)s AND business_date = %(day)s GROUP BY 1),
booked AS (
    SELECT e.party, (-sum(e.amount) FILTER (WHERE a.code LIKE '2101.%%' AND a.fund <> ALL(%(account_funds)s::text[])))::bigint AS fund_pay,
           (-sum(e.amount) FILTER (WHERE a.code LIKE '2101.%%' AND a.fund = ANY(%(account_funds)s::text[])))::bigint AS account_pay,
           (-sum(e.amount) FILTER (WHERE a.code = '9002'))::bigint AS cash_pay
    FROM ledger_journal j JOIN ledger_entry e ON e.journal_id = j.id JOIN ledger_account a ON a.id = e.account_id
    WHERE j.area = %(area)s AND j.business_date = %(day)s AND j.cause = 'settlement' AND a.party_kind = 'institution'
    GROUP BY 1)
SELECT coalesce(s.code, i.code, b.party::text) AS code, coalesce(i.name, s.code) AS name, i.level,
       coalesce(s.settlements, 0) AS settlements, coalesce(s.revocations, 0) AS revocations,
       coalesce(s.total, 0) AS total, coalesce(s.fund_pay, 0) AS fund_pay,
       coalesce(s.account_pay, 0) AS account_pay, coalesce(s.cash_pay, 0) AS cash_pay,
       coalesce(b.fund_pay, 0) AS ledger_fund, coalesce(b.account_pay, 0) AS ledger_account,
       coalesce(b.cash_pay, 0) AS ledger_cash
FROM settled s FULL JOIN (booked b JOIN providers_institution i ON i.id = b.party) ON i.code = s.code
ORDER BY 1"""


def last_days(area: str, until: date, limit: int, offset: int = 0) -> list[Row]:
    """Days that have settlements or a closing, newest first, with their figures in fen."""
    return rows(_DAYS, {"area": area, "until": until, "limit": limit, "offset": offset})


def by_institution(area: str, day: date, account_funds: list[str]) -> list[Row]:
    """Per institution what was settled on the day and what the ledger owes it for the day, in fen."""
    return rows(_BY_INSTITUTION, {"area": area, "day": day, "account_funds": account_funds})
