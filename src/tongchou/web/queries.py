"""Reads of the frame and of the desk: areas, the business day, the figures of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou.ledger import api as ledger
from tongchou.web.database import Row, row, rows, value

IN_SCOPE = """
    (%(below)s::text IS NULL OR {person}.area_id LIKE %(below)s::text OR EXISTS (
        SELECT 1 FROM registry_enrolment e WHERE e.person_id = {person}.id AND e.area_id LIKE %(below)s::text))"""
"""Is this person (alias in place of ``{person}``) registered or enrolled in the operator's areas?"""


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """The day that settlements are booked on now. ``closed``: today is, and it is a later one."""

    day: date
    closed: bool


def area_name(code: str) -> str:
    """Name of an area, or its code."""
    return str(value("SELECT name FROM registry_area WHERE code = %(code)s", {"code": code}) or code)


def business_day(area: str, today: date) -> BusinessDay:
    """The day that is open for booking: today, or the next one once today is closed."""
    day = ledger.open_day(today=today, closed_through=ledger.closed_through(area=area))
    return BusinessDay(day=day, closed=day > today)


def day_to_show(area: str, open_day: date) -> date:
    """The open day when it has settlements or nothing has any, else the last day that has: an empty desk tells nothing."""
    sql = """SELECT max(business_date) FROM settlement_settlement
             WHERE area = %(area)s AND business_date <= %(open_day)s"""
    return value(sql, {"area": area, "open_day": open_day}) or open_day


def day_totals(area: str, day: date) -> Row:
    """The day's figures in fen: settlements, revocations, and the net sums of both."""
    sql = """
        SELECT count(*) FILTER (WHERE direction = 1) AS settlements, count(*) FILTER (WHERE direction = -1) AS revocations,
               count(DISTINCT person_id) AS persons, count(DISTINCT institution_code) AS institutions,
               coalesce(sum(total), 0)::bigint AS total, coalesce(sum(fund_pay), 0)::bigint AS fund_pay,
               coalesce(sum(account_pay), 0)::bigint AS account_pay, coalesce(sum(cash_pay), 0)::bigint AS cash_pay
        FROM settlement_settlement WHERE area = %(area)s AND business_date = %(day)s"""
    found = row(sql, {"area": area, "day": day})
    assert found is not None  # noqa: S101 (an aggregate always has one row)
    return found


def day_funds(area: str, day: date) -> list[Row]:
    """Net payments of the day per fund, in fen."""
    sql = """
        SELECT p.fund, sum(p.amount)::bigint AS amount, count(*) FILTER (WHERE s.direction = 1) AS settlements
        FROM settlement_settlement s JOIN settlement_payment p ON p.settlement_id = s.id
        WHERE s.area = %(area)s AND s.business_date = %(day)s GROUP BY p.fund ORDER BY p.fund"""
    return rows(sql, {"area": area, "day": day})


def day_institutions(area: str, day: date, limit: int = 8) -> list[Row]:
    """The institutions with the highest cost of the day."""
    sql = """
        SELECT s.institution_code AS code, coalesce(i.name, s.institution_code) AS name, i.level,
               count(*) FILTER (WHERE s.direction = 1) AS settlements, sum(s.total)::bigint AS total,
               sum(s.fund_pay)::bigint AS fund_pay
        FROM settlement_settlement s LEFT JOIN providers_institution i ON i.code = s.institution_code
        WHERE s.area = %(area)s AND s.business_date = %(day)s
        GROUP BY 1, 2, 3 ORDER BY total DESC, code LIMIT %(limit)s"""
    return rows(sql, {"area": area, "day": day, "limit": limit})


def latest_settlements(scope: dict[str, Any], limit: int = 16) -> list[Row]:
    """The settlements of the area that were made last."""
    sql = (
        """
        SELECT s.id, s.settled_at, s.direction, s.med_type, s.total, s.fund_pay, s.account_pay, s.cash_pay,
               p.name AS person_name, coalesce(i.name, s.institution_code) AS institution_name
        FROM settlement_settlement s JOIN registry_person p ON p.id = s.person_id
        LEFT JOIN providers_institution i ON i.code = s.institution_code
        WHERE s.area = %(pooling_area)s AND s.business_date = %(day)s
          AND """
        + IN_SCOPE.format(person="p")
        + """
        ORDER BY s.id DESC LIMIT %(limit)s"""
    )
    return rows(sql, scope | {"limit": limit})


def reference_counts(day: date) -> Row:
    """How much reference data is in force on the day."""
    sql = """
        SELECT (SELECT count(*) FROM catalogues_item) AS items,
               (SELECT count(*) FROM catalogues_itemterm WHERE period @> %(day)s::date) AS terms,
               (SELECT count(*) FROM catalogues_diagnosis) AS diagnoses,
               (SELECT count(*) FROM catalogues_mapping WHERE status = '0') AS pending_mappings,
               (SELECT count(*) FROM providers_institution) AS institutions,
               (SELECT count(*) FROM providers_agreement WHERE period @> %(day)s::date AND NOT suspended) AS agreements"""
    found = row(sql, {"day": day})
    assert found is not None  # noqa: S101 (a query of counts always has one row)
    return found
