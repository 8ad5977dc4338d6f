"""Reads of the settlement pages: the list with its filters, one settlement, its fee lines and its journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou.registry.api import clear_person
from tongchou.web import names
from tongchou.web.database import Row, row, rows, value
from tongchou.web.queries import IN_SCOPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the query strip asks for; None or empty means any. Amounts are fen, both ends included."""

    begin: date | None = None
    end: date | None = None
    institution: str = ""
    scheme: str = ""
    med_type: str = ""
    status: str = ""
    least: int | None = None
    most: int | None = None
    number: str = ""


_JOINS = """
FROM settlement_settlement s JOIN registry_person p ON p.id = s.person_id
LEFT JOIN providers_institution i ON i.code = s.institution_code
LEFT JOIN settlement_settlement r ON r.reversal_of_id = s.id"""

_WHERE = """
WHERE s.area = %(pooling_area)s AND """ + IN_SCOPE.format(person="p")

_CONDITIONS = {
    "begin": "s.business_date >= %(begin)s",
    "end": "s.business_date <= %(end)s",
    "institution": "s.institution_code = %(institution)s",
    "scheme": "s.scheme = %(scheme)s",
    "med_type": "s.med_type = ANY(%(med_type)s)",
    "least": "abs(s.total) >= %(least)s",
    "most": "abs(s.total) <= %(most)s",
    # Two lookups by index instead of an OR over two tables, which would read all settlements.
    "number": """s.id IN (SELECT %(settlement_id)s::bigint UNION SELECT x.id FROM settlement_settlement x
                 JOIN registry_person y ON y.id = x.person_id WHERE y.number = %(number)s)""",
}
_STATUS = {
    "valid": "s.direction = 1 AND r.id IS NULL",
    "revoked": "s.direction = 1 AND r.id IS NOT NULL",
    "revocation": "s.direction = -1",
}

_COLUMNS = """
SELECT s.id, s.settled_at, s.business_date, s.direction, s.scheme, s.person_type, s.med_type, s.institution_code,
       s.total, s.in_scope, s.fund_pay, s.account_pay, s.cash_pay, s.deductible, s.message_id, s.invoice_no, s.benefit,
       CASE WHEN s.account_id IS NULL THEN 0 ELSE s.account_pay END AS family_pay,
       p.number AS person_number, p.name AS person_name, p.cert_no_cipher, coalesce(i.name, s.institution_code) AS institution_name,
       r.id AS revoked_by, s.reversal_of_id"""

_SETTLEMENT = """
SELECT s.*, p.number AS person_number, p.name AS person_name, p.cert_type, p.cert_no_cipher, p.sex, p.birth_date,
       coalesce(i.name, s.institution_code) AS institution_name, i.level AS institution_level, i.kind AS institution_kind,
       v.begin_at, v.end_at, v.visit_no, v.department, v.doctor, v.fee_month, v.disease_code, v.disease_name,
       v.diagnosis_code, v.diagnosis_name, r.id AS revoked_by, r.settled_at AS revoked_at, a.name AS area_name,
  (SELECT jsonb_agg(jsonb_build_object('line', y.line, 'layer', y.layer, 'fund', y.fund, 'base', y.base,
            'amount', y.amount) ORDER BY y.line)
     FROM settlement_payment y WHERE y.settlement_id = s.id) AS payments,
  (SELECT jsonb_agg(jsonb_build_object('id', j.id, 'kind', j.kind, 'business_date', j.business_date, 'memo', j.memo,
            'reversal_of', j.reversal_of_id, 'entries', (
              SELECT jsonb_agg(jsonb_build_object('code', k.code, 'name', k.name, 'amount', e.amount) ORDER BY e.line)
              FROM ledger_entry e JOIN ledger_account k ON k.id = e.account_id WHERE e.journal_id = j.id)) ORDER BY j.id)
     FROM ledger_journal j
     WHERE j.business_key = ANY(ARRAY['setl:' || s.id, 'restore:' || s.id, 'revoke:' || s.reversal_of_id])) AS journals,
  (SELECT jsonb_build_object('run', x.run_id, 'case', x.case_id, 'original', x.original_id, 'successor', x.successor_id,
            'role', CASE s.id WHEN x.original_id THEN 'original' WHEN x.successor_id THEN 'successor' ELSE 'reversal' END)
     FROM settlement_replacement x WHERE s.id IN (x.original_id, x.successor_id, x.reversal_id)
     ORDER BY (s.id = x.original_id) DESC LIMIT 1) AS rerun,
  (SELECT x.original_id FROM settlement_replacement x WHERE x.successor_id = s.id) AS replaces,
  (SELECT jsonb_build_object('id', o.id, 'number', o.number, 'name', o.name)
     FROM accounts_account b JOIN registry_person o ON o.id = b.person_id WHERE b.id = s.account_id) AS payer
FROM settlement_settlement s JOIN registry_person p ON p.id = s.person_id
JOIN settlement_encounter v ON v.id = s.encounter_id
LEFT JOIN registry_area a ON a.code = s.area
LEFT JOIN providers_institution i ON i.code = s.institution_code
LEFT JOIN settlement_settlement r ON r.reversal_of_id = s.id
WHERE s.id = %(id)s AND s.area = %(pooling_area)s AND """ + IN_SCOPE.format(person="p")

_LINES = """
SELECT l.line_no, l.occurred_at, l.item_code, l.local_code, coalesce(t.name, l.local_code) AS name, t.spec, t.unit,
       l.item_class, l.charge_type, l.unit_price, l.price_limit, l.prior_self_pay_ratio,
       l.quantity * %(sign)s::int AS quantity, l.amount * %(sign)s::int AS amount,
       l.out_of_scope * %(sign)s::int AS out_of_scope, l.over_limit * %(sign)s::int AS over_limit,
       l.prior_self_pay * %(sign)s::int AS prior_self_pay, l.in_scope * %(sign)s::int AS in_scope
FROM settlement_lines_of(%(month)s, %(encounter)s, %(settlement)s) l LEFT JOIN catalogues_item t ON t.code = l.item_code
ORDER BY l.occurred_at, l.line_no LIMIT %(limit)s"""


def count(asked: Filter, scope: dict[str, Any]) -> Row:
    """How many settlements match, and the net sums of their amounts in fen."""
    where, parameters = _where(asked, scope)
    sql = f"""SELECT count(*) AS settlements, coalesce(sum(s.total), 0)::bigint AS total,
              coalesce(sum(s.fund_pay), 0)::bigint AS fund_pay, coalesce(sum(s.account_pay), 0)::bigint AS account_pay,
              coalesce(sum(s.cash_pay), 0)::bigint AS cash_pay {_JOINS} {where}"""
    found = row(sql, parameters)
    assert found is not None  # noqa: S101 (an aggregate always has one row)
    return found


def settlements(asked: Filter, scope: dict[str, Any], limit: int, offset: int = 0) -> list[Row]:
    """Settlements that match, newest first."""
    where, parameters = _where(asked, scope)
    sql = f"{_COLUMNS} {_JOINS} {where} ORDER BY s.settled_at DESC, s.id DESC LIMIT %(limit)s OFFSET %(offset)s"
    found = rows(sql, parameters | {"limit": limit, "offset": offset})
    for one in found:
        clear_person(one)
    return found


def settlement(settlement_id: int, scope: dict[str, Any]) -> Row | None:
    """One settlement with payments and journals, or None when there is none in the operator's areas."""
    found = row(_SETTLEMENT, scope | {"id": settlement_id})
    if found is not None:
        clear_person(found)
    return found


def lines(found: Row, limit: int = 2000) -> list[Row]:
    """The fee lines of a settlement; of a revoked one, those that it had.

    A revocation has them with negative quantities and amounts: they add up to it.
    """
    parameters = {
        "month": found["fee_month"],
        "encounter": found["encounter_id"],
        "settlement": latest_of(found["reversal_of_id"] or found["id"]),
        "sign": found["direction"],
        "limit": limit,
    }
    return rows(_LINES, parameters)


def latest_of(settlement_id: int) -> int:
    """The settlement that has the lines now: where re-runs put another one in a settlement's place, the last of them."""
    found: int = value("SELECT settlement_latest(%(id)s)", {"id": settlement_id})
    return found


def institutions(area: str) -> list[Row]:
    """Institutions that the query strip offers: those inside or under agreement with the area's centre."""
    sql = "SELECT code, name FROM providers_institution ORDER BY kind, level DESC, code"
    return rows(sql, {"area": area})


def _where(asked: Filter, scope: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    parts, parameters = [_WHERE], dict(scope)
    for name, condition in _CONDITIONS.items():
        wanted = getattr(asked, name)
        if wanted not in (None, ""):
            parts.append(condition)
            parameters[name] = names.med_types_like(wanted) if name == "med_type" else wanted
    number = int(asked.number) if asked.number.isdecimal() else 0
    parameters["settlement_id"] = number if number < 2**63 else 0
    if asked.status in _STATUS:
        parts.append(_STATUS[asked.status])
    return " AND ".join(parts), parameters
