"""Reads of the person pages. One person's page is one round trip: what belongs to the person comes as JSON columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from tongchou.registry.api import clear_person, clear_text
from tongchou.web.database import Row, row, rows
from tongchou.web.queries import IN_SCOPE

_PERSON = """
SELECT p.id, p.number, p.cert_type, p.cert_no_cipher, p.name, p.sex, p.ethnicity, p.birth_date, p.death_date,
       p.phone_cipher, p.address_cipher, p.area_id, p.created_at, a.name AS area_name, h.number AS household_number,
  (SELECT jsonb_agg(jsonb_build_object('scheme', e.scheme, 'person_type', e.person_type, 'status', e.status,
            'from', lower(e.period), 'last', upper(e.period) - 1, 'now', e.period @> %(day)s::date,
            'civil_servant', e.civil_servant, 'flexible', e.flexible, 'area', ea.name, 'employer', u.name)
          ORDER BY lower(e.period) DESC)
     FROM registry_enrolment e JOIN registry_area ea ON ea.code = e.area_id
     LEFT JOIN registry_employer u ON u.id = e.employer_id WHERE e.person_id = p.id) AS enrolments,
  (SELECT jsonb_agg(jsonb_build_object('scheme', t.scheme, 'from', lower(t.period), 'last', upper(t.period) - 1,
            'now', t.period @> %(day)s::date, 'continuous_since', t.continuous_since, 'basis', t.basis)
          ORDER BY lower(t.period) DESC)
     FROM contributions_entitlement t WHERE t.person_id = p.id) AS entitlements,
  (SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'level', i.level, 'from', lower(i.period),
            'last', upper(i.period) - 1, 'now', i.period @> %(day)s::date) ORDER BY lower(i.period) DESC)
     FROM registry_identityclass i WHERE i.person_id = p.id) AS identities,
  (SELECT jsonb_agg(jsonb_build_object('code', d.disease_code, 'name', d.disease_name, 'from', lower(d.period),
            'last', upper(d.period) - 1, 'now', d.period @> %(day)s::date) ORDER BY lower(d.period) DESC)
     FROM registry_diseasecertificate d WHERE d.person_id = p.id) AS diseases,
  (SELECT jsonb_agg(jsonb_build_object('kind', c.kind, 'number', encode(c.number_cipher, 'base64'), 'active', c.active) ORDER BY c.kind, c.id)
     FROM registry_card c WHERE c.person_id = p.id) AS cards,
  (SELECT jsonb_agg(jsonb_build_object('id', b.id, 'scheme', b.scheme, 'balance', b.balance) ORDER BY b.scheme)
     FROM accounts_account b WHERE b.person_id = p.id) AS accounts,
  (SELECT jsonb_agg(jsonb_build_object('scheme', q.scheme, 'period', q.period, 'values', q."values")
          ORDER BY q.scheme, q.period DESC)
     FROM settlement_accumulators q WHERE q.person_id = p.id) AS accumulators,
  (SELECT jsonb_agg(jsonb_build_object('number', m.number, 'name', m.name, 'sex', m.sex) ORDER BY m.birth_date)
     FROM registry_person m WHERE m.household_id = p.household_id AND m.id <> p.id) AS household
FROM registry_person p JOIN registry_area a ON a.code = p.area_id
LEFT JOIN registry_household h ON h.id = p.household_id
WHERE p.number = %(number)s AND a.pooling_area = %(pooling_area)s AND """ + IN_SCOPE.format(person="p")

_VISITS = """
SELECT v.id, v.med_type, v.scheme, v.begin_at, v.end_at, v.status, coalesce(i.name, v.institution_code) AS institution,
       coalesce(nullif(v.disease_name, ''), v.diagnosis_name) AS diagnosis,
       s.id AS settlement_id, s.direction, s.settled_at, s.total, s.fund_pay, s.account_pay, s.cash_pay,
       EXISTS (SELECT 1 FROM settlement_settlement r WHERE r.reversal_of_id = s.id) AS revoked,
       EXISTS (SELECT 1 FROM settlement_replacement x WHERE x.original_id = s.id) AS replaced,
       EXISTS (SELECT 1 FROM settlement_replacement x WHERE x.reversal_id = s.id) AS rerun_reversal,
       EXISTS (SELECT 1 FROM settlement_replacement x WHERE x.successor_id = s.id) AS replacing
FROM settlement_encounter v LEFT JOIN settlement_settlement s ON s.encounter_id = v.id
LEFT JOIN providers_institution i ON i.code = v.institution_code
WHERE v.person_id = %(person)s AND v.area = %(pooling_area)s
ORDER BY v.begin_at DESC, s.id DESC LIMIT %(limit)s"""

_MOVEMENTS = """
SELECT j.id, j.posted_at, j.kind, j.memo, j.cause, j.cause_id, -e.amount AS amount,
       CASE j.kind WHEN 'settlement' THEN CASE WHEN s.account_id IS NULL THEN '就医购药支付' ELSE '共济成员就医购药' END
                   WHEN 'revocation' THEN CASE WHEN s.account_id IS NULL THEN '撤销结算退回' ELSE '共济成员撤销退回' END
                   WHEN 'reversal' THEN '红冲'
                   WHEN 'credit' THEN '账户划入' WHEN 'debit' THEN '账户支出' ELSE j.kind END AS title,
       (-sum(e.amount) OVER (ORDER BY j.posted_at, j.id, e.line))::bigint AS balance
FROM ledger_entry e JOIN ledger_journal j ON j.id = e.journal_id
LEFT JOIN settlement_settlement s ON j.cause = 'settlement' AND s.id = j.cause_id
WHERE e.account_id = (SELECT id FROM ledger_account WHERE area = %(pooling_area)s AND code = '2201')
  AND e.party = ANY(%(accounts)s::bigint[])
ORDER BY j.posted_at DESC, j.id DESC, e.line DESC LIMIT %(limit)s"""


def person(number: str, day: date, scope: dict[str, Any]) -> Row | None:
    """A person with all that belongs to them, or None when there is none in the operator's areas."""
    found = row(_PERSON, scope | {"number": number, "day": day})
    if found is not None:
        clear_person(found)
        for card in found["cards"] or []:
            card["number"] = clear_text(column="registry.card.number", data=card["number"])
    return found


def visits(person_id: int, pooling_area: str, limit: int = 30) -> list[Row]:
    """Visits of a person, newest first, each with its settlements (a visit can be settled, revoked, settled again)."""
    return rows(_VISITS, {"person": person_id, "pooling_area": pooling_area, "limit": limit})


def movements(accounts: Sequence[int], pooling_area: str, limit: int = 30) -> list[Row]:
    """Movements of personal accounts from the ledger, newest first, in fen; ``balance`` is after the movement."""
    return rows(_MOVEMENTS, {"accounts": list(accounts), "pooling_area": pooling_area, "limit": limit})


def current_enrolments(persons: Sequence[int], day: date) -> dict[int, list[Row]]:
    """What each of these persons is enrolled in on the day, by person id."""
    sql = """
        SELECT e.person_id, e.scheme, e.person_type, e.status, a.name AS area
        FROM registry_enrolment e JOIN registry_area a ON a.code = e.area_id
        WHERE e.person_id = ANY(%(persons)s::bigint[]) AND e.period @> %(day)s::date ORDER BY e.scheme"""
    found: dict[int, list[Row]] = {}
    for enrolment in rows(sql, {"persons": list(persons), "day": day}):
        found.setdefault(enrolment["person_id"], []).append(enrolment)
    return found
