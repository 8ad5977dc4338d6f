"""What a re-run reads: a person's standing settlements in their order, counters and accounts, many persons at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tongchou.settlement.core.rerun import Counters, Standing
from tongchou.settlement.core.snapshots import AccountSnapshot
from tongchou.settlement.core.views import LineSplitView
from tongchou.settlement.database import as_json, run
from tongchou.settlement.sealed import open_text


class SchemeState(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has in one scheme: standing settlements in order, counters, personal account."""

    scheme: str
    standing: tuple[Standing, ...]
    counters: Counters
    account: AccountSnapshot | None = None


class PersonState(msgspec.Struct, frozen=True, kw_only=True):
    """All that a re-run of one person rests on."""

    id: int
    number: str
    name: str
    schemes: tuple[SchemeState, ...]


_decoder = msgspec.json.Decoder(PersonState, dec_hook=open_text)

_STATE = """
SELECT p.id, json_build_object('id', p.id, 'number', p.number, 'name', p.name, 'schemes', (
    SELECT coalesce(json_agg(json_build_object(
        'scheme', m.scheme, 'standing', m.standing, 'account', accounts_snapshot(p.id, m.scheme),
        'counters', (
            SELECT coalesce(json_object_agg(a.period, a.values), '{}') FROM settlement_accumulators a
            WHERE a.person_id = p.id AND a.scheme = m.scheme)) ORDER BY m.scheme), '[]')
    FROM (
        SELECT s.scheme, json_agg(json_build_object(
            'id', s.id, 'root', r.id, 'encounter_id', s.encounter_id, 'institution_code', s.institution_code,
            'area', s.area, 'scheme', s.scheme, 'med_type', s.med_type, 'person_type', s.person_type,
            'benefit', s.benefit, 'benefit_year', s.benefit_year, 'day', d.day,
            'admitted', (e.begin_at AT TIME ZONE 'Asia/Shanghai')::date,
            'discharged', (e.end_at AT TIME ZONE 'Asia/Shanghai')::date,
            'business_date', s.business_date, 'fee_month', e.fee_month, 'account_used', s.account_used, 'account_id', s.account_id,
            'plan', s.plan, 'package', s.package, 'out_of_scope', s.out_of_scope, 'over_limit', s.over_limit,
            'prior_self_pay', s.prior_self_pay, 'in_scope', s.in_scope, 'deductible', s.deductible,
            'fund_pay', s.fund_pay, 'account_pay', s.account_pay, 'cash_pay', s.cash_pay,
            'payments', coalesce((
                SELECT json_agg(json_build_object('layer', y.layer, 'fund', y.fund, 'base', y.base, 'amount', y.amount)
                    ORDER BY y.line)
                FROM settlement_payment y WHERE y.settlement_id = s.id), '[]'),
            'facts', s.facts, 'accumulators_before', s.accumulators_before, 'accumulator_delta', s.accumulator_delta,
            'earlier', coalesce(s.earlier_years, '[]'),
            'person', CASE WHEN %(facts)s AND d.day BETWEEN %(begin)s AND %(end)s
                THEN registry_person_snapshot(p.number, s.scheme, d.day) || '{"cert_no": ""}' END,
            'entitlement', CASE WHEN %(facts)s AND d.day BETWEEN %(begin)s AND %(end)s THEN (
                SELECT json_build_object(
                    'continuous_since', t -> 'continuous_since', 'start', t -> 'from', 'until', t -> 'until')
                FROM contributions_entitlement_snapshot(p.id, s.scheme, d.day) AS t WHERE t IS NOT NULL) END
        ) ORDER BY r.settled_at, r.id, s.id) AS standing
        FROM settlement_settlement s
        JOIN settlement_encounter e ON e.id = s.encounter_id
        CROSS JOIN LATERAL (SELECT (s.facts ->> 'visit.date')::date AS day) AS d
        CROSS JOIN LATERAL (
            SELECT o.id, o.settled_at FROM settlement_settlement o
            WHERE o.encounter_id = s.encounter_id AND o.message_id = s.message_id AND o.direction = 1
            ORDER BY o.id LIMIT 1) AS r
        WHERE s.person_id = p.id AND s.direction = 1 AND (%(scheme)s = '' OR s.scheme = %(scheme)s)
          AND NOT EXISTS (SELECT 1 FROM settlement_settlement v WHERE v.reversal_of_id = s.id)
        GROUP BY s.scheme
    ) AS m))::text
FROM registry_person p WHERE p.id = ANY (%(persons)s)
"""


def read_states(
    *, persons: Sequence[int], begin: object, end: object, scheme: str = "", facts: bool = True
) -> list[PersonState]:
    """The states of persons, in the order of their ids; unknown ones are left out. One round trip.

    Args:
        begin, end: days of service whose persons are read as they are known today, where ``facts`` asks for it.
    """
    given: dict[str, Any] = {
        "persons": list(persons), "begin": begin, "end": end, "scheme": scheme, "facts": facts,
    }  # fmt: skip
    found = dict(run(_STATE, given))
    return [_decoder.decode(found[number]) for number in sorted(found)]


_LINES = """
SELECT f.settlement_id, json_agg(json_build_object(
    'line_no', f.line_no, 'batch', f.batch, 'occurred_at', f.occurred_at, 'item_code', f.item_code,
    'local_code', f.local_code, 'item_class', f.item_class, 'charge_type', f.charge_type, 'quantity', f.quantity,
    'unit_price', f.unit_price, 'amount', f.amount, 'price_limit', f.price_limit,
    'prior_self_pay_ratio', f.prior_self_pay_ratio, 'out_of_scope', f.out_of_scope, 'over_limit', f.over_limit,
    'prior_self_pay', f.prior_self_pay, 'in_scope', f.in_scope,
    'original_line_no', f.original_line_no) ORDER BY f.line_no)::text
FROM json_to_recordset(%s::json) AS v(id bigint, encounter_id bigint, fee_month date)
CROSS JOIN LATERAL (
    SELECT * FROM settlement_feeline l
    WHERE l.fee_month = v.fee_month AND l.encounter_id = v.encounter_id AND l.settlement_id = v.id) AS f
GROUP BY f.settlement_id
"""
_lines = msgspec.json.Decoder(tuple[LineSplitView, ...])


def read_lines(settlements: Iterable[Standing]) -> dict[int, tuple[LineSplitView, ...]]:
    """The fee lines of settlements, as they are split now, by settlement. One round trip."""
    wanted = [{"id": one.id, "encounter_id": one.encounter_id, "fee_month": one.fee_month} for one in settlements]
    return {number: _lines.decode(text) for number, text in run(_LINES, (as_json(wanted),))} if wanted else {}


_ACCOUNTS = """
SELECT 1 FROM accounts_account a WHERE a.person_id = %s OR a.id IN (
    SELECT s.account_id FROM settlement_settlement s WHERE s.person_id = %s AND s.account_id IS NOT NULL)
ORDER BY a.id FOR UPDATE
"""


def lock_person(*, person: int, area: str) -> object:
    """Keep settlements of the person and the closing of a day out until this transaction ends.

    Locks in the order of the hot path: area (shared), counters, accounts (those of the family that paid, too). Returns the last closed day or ``None``.
    """
    through = run("SELECT ledger_hold_open(%s)", (area,))[0][0]
    run(
        "SELECT 1 FROM settlement_accumulators WHERE person_id = %s ORDER BY person_id, scheme, period FOR UPDATE",
        (person,),
    )
    run(_ACCOUNTS, (person, person))
    return through
