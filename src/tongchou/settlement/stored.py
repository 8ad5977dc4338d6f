"""Settlements as they are stored, read back whole: for pages, queries, revocations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from tongchou.providers import api as providers
from tongchou.settlement import rejections
from tongchou.settlement.core.decision import Told
from tongchou.settlement.core.facts import restored
from tongchou.settlement.core.inputs import Receipt
from tongchou.settlement.core.snapshots import AccountSnapshot, PersonSnapshot, ReceiptSnapshot
from tongchou.settlement.core.views import EarlierYear, LineSplitView, PaymentView, SettlementView
from tongchou.settlement.database import run
from tongchou.settlement.sealed import open_text


@dataclass(frozen=True, slots=True)
class StoredSettlement:
    """A settlement row with all that belongs to it. Column names as in settlement.models."""

    settlement: dict[str, Any]
    person: PersonSnapshot
    begin_at: datetime
    disease_code: str
    disease_name: str
    encounter_status: str
    fee_month: date
    payments: tuple[PaymentView, ...]
    lines: tuple[LineSplitView, ...] = ()
    end_at: datetime | None = None
    reversed_by: int | None = None
    root: int = 0
    told: Told | None = None
    restored_as: int | None = None
    original_transaction: str | None = None
    account: AccountSnapshot | None = None
    closed_through: date | None = None
    receipt: ReceiptSnapshot | None = None
    unsettled: dict[str, int] = field(default_factory=dict)


_decoder = msgspec.json.Decoder(StoredSettlement, dec_hook=open_text)

_LINES = """
coalesce((
    SELECT json_agg(json_build_object(
        'line_no', f.line_no, 'batch', f.batch, 'occurred_at', f.occurred_at, 'item_code', f.item_code,
        'local_code', f.local_code, 'item_class', f.item_class, 'charge_type', f.charge_type, 'quantity', f.quantity,
        'unit_price', f.unit_price, 'amount', f.amount, 'price_limit', f.price_limit,
        'prior_self_pay_ratio', f.prior_self_pay_ratio, 'out_of_scope', f.out_of_scope, 'over_limit', f.over_limit,
        'prior_self_pay', f.prior_self_pay, 'in_scope', f.in_scope, 'original_line_no', f.original_line_no,
        'settlement_id', f.settlement_id, 'details', f.details, 'name', coalesce(i.name, ''),
        'basic_drug', coalesce(i.basic_drug, false), 'negotiated', coalesce(i.negotiated, false),
        'children', coalesce(i.children, false), 'special_service', coalesce(i.special_service, false),
        'item_kinds', coalesce(f.item_kinds, ''))
        ORDER BY f.line_no)
    FROM {source} f LEFT JOIN catalogues_item i ON i.code = f.item_code
), '[]')
"""
_STORED = f"""
SELECT json_build_object(
    'settlement', row_to_json(s),
    'person', registry_person_snapshot(p.number, s.scheme, (s.facts ->> 'visit.date')::date),
    'begin_at', e.begin_at, 'end_at', e.end_at, 'disease_code', e.disease_code, 'disease_name', e.disease_name,
    'encounter_status', e.status, 'fee_month', e.fee_month,
    'payments', coalesce((
        SELECT json_agg(json_build_object('layer', y.layer, 'fund', y.fund, 'base', y.base, 'amount', y.amount) ORDER BY y.line)
        FROM settlement_payment y WHERE y.settlement_id = s.id), '[]'),
    'lines', CASE WHEN %s THEN {
    _LINES.format(source="settlement_lines_of(e.fee_month, e.id, coalesce(s.reversal_of_id, s.id))")
} ELSE '[]' END,
    'reversed_by', (SELECT r.id FROM settlement_settlement r WHERE r.reversal_of_id = s.id),
    'root', o.id,
    'told', CASE WHEN o.id <> coalesce(s.reversal_of_id, s.id) THEN json_build_object(
        'account_pay', o.account_pay, 'cash_pay', o.cash_pay, 'payments', coalesce((
            SELECT json_agg(json_build_object('layer', y.layer, 'fund', y.fund, 'base', y.base, 'amount', y.amount)
                ORDER BY y.line)
            FROM settlement_payment y WHERE y.settlement_id = o.id), '[]')) END,
    'restored_as', (
        SELECT max(a.id) FROM settlement_settlement a
        WHERE a.encounter_id = s.encounter_id AND a.message_id = s.message_id AND a.direction = 1 AND a.id > s.id),
    'original_transaction', (
        SELECT c.transaction FROM settlement_receipt c
        WHERE c.institution_code = s.institution_code AND c.message_id = s.message_id),
    'account', CASE WHEN s.account_id IS NULL THEN accounts_snapshot(s.person_id, s.scheme)
        ELSE accounts_snapshot_by_id(s.account_id) END,
    'closed_through', ledger_closed_through(s.area),
    'unsettled', settlement_line_sums(e.fee_month, e.id, s.batch),
    'receipt', (
        SELECT json_build_object(
            'transaction', r.transaction, 'body_hash', encode(r.body_hash, 'hex'),
            'answer', encode(r.answer, 'base64'), 'subject', r.subject, 'undone_by', r.undone_by)
        FROM settlement_receipt r WHERE r.institution_code = %s AND r.message_id = %s))::text
FROM settlement_settlement s
JOIN settlement_encounter e ON e.id = s.encounter_id
JOIN registry_person p ON p.id = s.person_id
CROSS JOIN LATERAL (SELECT settlement_root(s.id) AS id) AS told
JOIN settlement_settlement o ON o.id = told.id
WHERE s.id = %s
"""
_OF_VISIT = "(SELECT * FROM settlement_feeline WHERE fee_month = e.fee_month AND encounter_id = e.id)"
_LINES_OF = f"SELECT {_LINES.format(source=_OF_VISIT)}::text FROM settlement_encounter e WHERE e.id = %s"


def read_stored(
    *, settlement_id: int, receipt: Receipt | None = None, with_lines: bool = False
) -> StoredSettlement | None:
    """A settlement by id with everything that belongs to it, in one round trip; ``None`` where there is none."""
    institution, message = (receipt.institution_code, receipt.message_id) if receipt else ("", "")
    rows = run(_STORED, (with_lines, institution, message, settlement_id))
    return _decoder.decode(rows[0][0]) if rows else None


def settlement_view(settlement_id: int, *, with_lines: bool = True) -> SettlementView:
    """A settlement with person, institution, payments and lines (5203, pages).

    Raises:
        Rejection: SETL-040 unknown.
    """
    stored = read_stored(settlement_id=settlement_id, with_lines=with_lines)
    if stored is None:
        raise rejections.UNKNOWN_SETTLEMENT(settlement=settlement_id)
    return view_of(stored)


def lines_of(*, settlement_id: int | None = None, encounter_id: int | None = None) -> tuple[LineSplitView, ...]:
    """The fee lines of a settlement, of a revoked one those that it had, or all lines of an encounter, by number (5204)."""
    if settlement_id is not None:
        stored = read_stored(settlement_id=settlement_id, with_lines=True)
        return stored.lines if stored is not None else ()
    rows = run(_LINES_OF, (encounter_id,))
    return msgspec.json.decode(rows[0][0], type=tuple[LineSplitView, ...]) if rows else ()


_PLAIN = (
    "id", "encounter_id", "area", "institution_code", "scheme", "person_type", "med_type", "clearing_type", "clearing_way",
    "direction", "message_id", "batch", "invoice_no", "account_used", "benefit_year", "benefit", "total", "out_of_scope",
    "over_limit", "prior_self_pay", "in_scope", "deductible", "pool_ratio", "fund_pay", "account_pay", "cash_pay",
    "account_balance", "account_id", "package", "plan", "accumulators_before", "accumulator_delta",
)  # fmt: skip


def view_of(stored: StoredSettlement) -> SettlementView:
    """The view of a stored settlement."""
    row = stored.settlement
    institution = providers.describe(code=row["institution_code"], on=date.fromisoformat(row["business_date"]))
    return SettlementView(
        **{name: row[name] for name in _PLAIN},
        person=stored.person,
        institution_name=institution.name,
        reversal_of=row["reversal_of_id"],
        settled_at=datetime.fromisoformat(row["settled_at"]),
        business_date=date.fromisoformat(row["business_date"]),
        begin_at=stored.begin_at,
        end_at=stored.end_at,
        disease_code=stored.disease_code,
        disease_name=stored.disease_name,
        facts=restored(row["facts"]),
        values=tuple(row["values"]),
        payments=stored.payments,
        earlier_years=earlier_years_of(row),
        lines=stored.lines,
        reversed_by=stored.reversed_by,
    )


def earlier_years_of(row: Mapping[str, Any]) -> tuple[EarlierYear, ...] | None:
    """The earlier years of a divided stay from a settlement's row; ``None`` for all others."""
    kept = row["earlier_years"]
    if kept is None:
        return None
    years = msgspec.convert(kept, tuple[EarlierYear, ...])
    return tuple(msgspec.structs.replace(year, facts=restored(year.facts)) for year in years)


def signed(view: SettlementView, sign: int) -> SettlementView:
    """The same settlement with every amount multiplied by ``sign``."""
    amounts = (
        "total", "out_of_scope", "over_limit", "prior_self_pay", "in_scope", "deductible", "fund_pay", "account_pay",
        "cash_pay",
    )  # fmt: skip
    return msgspec.structs.replace(
        view,
        **{name: sign * getattr(view, name) for name in amounts},
        payments=tuple(
            PaymentView(payment.layer, payment.fund, sign * payment.base, sign * payment.amount)
            for payment in view.payments
        ),
        accumulator_delta={
            period: {name: sign * amount for name, amount in delta.items()}
            for period, delta in view.accumulator_delta.items()
        },
    )


def as_told(view: SettlementView, stored: StoredSettlement) -> SettlementView:
    """A row of ``stored``'s visit with the figures that the institution was told, where a re-run decided otherwise."""
    if stored.told is None:
        return view
    root = read_stored(settlement_id=stored.root)
    if root is None:
        raise AssertionError(f"settlement {stored.root} is gone")
    first = signed(view_of(root), view.direction)
    told = (
        "total", "out_of_scope", "over_limit", "prior_self_pay", "in_scope", "deductible", "pool_ratio", "fund_pay",
        "account_pay", "cash_pay", "payments", "person_type", "benefit_year", "benefit", "package", "plan", "facts",
    )  # fmt: skip
    return msgspec.structs.replace(view, **{name: getattr(first, name) for name in told})


def latest_of(settlement_id: int) -> int:
    """The settlement that stands where re-runs have put another one in a settlement's place; else itself."""
    latest: int = run("SELECT settlement_latest(%s)", (settlement_id,))[0][0]
    return latest


def told_view(settlement_id: int, *, with_lines: bool = True) -> SettlementView:
    """A settlement as its institution knows it (5203, 5204): a re-run is the centre's own and changes none of its figures.

    Raises:
        Rejection: SETL-040 unknown.
    """
    stored = read_stored(settlement_id=settlement_id, with_lines=with_lines)
    if stored is None:
        raise rejections.UNKNOWN_SETTLEMENT(settlement=settlement_id)
    view = as_told(view_of(stored), stored)
    latest = latest_of(stored.settlement["reversal_of_id"] or settlement_id)
    if latest != settlement_id and view.direction > 0:
        standing = read_stored(settlement_id=latest, with_lines=with_lines)
        if standing is not None:
            view = msgspec.structs.replace(view, reversed_by=standing.reversed_by, lines=standing.lines)
    return msgspec.structs.replace(view, lines=_as_first_split(view.lines, stored.root)) if view.lines else view


_FORMER = """
WITH RECURSIVE chain (id, former, depth) AS (
    SELECT successor_id, former, 1 FROM settlement_replacement WHERE original_id = %s
    UNION ALL
    SELECT r.successor_id, r.former, c.depth + 1 FROM settlement_replacement r JOIN chain c ON r.original_id = c.id
)
SELECT former::text FROM chain ORDER BY depth DESC
"""


def _as_first_split(lines: tuple[LineSplitView, ...], root: int) -> tuple[LineSplitView, ...]:
    """Fee lines as they were split when the institution was answered."""
    former: dict[int, list[int]] = {}
    for (text,) in run(_FORMER, (root,)):
        former.update((row[0], row[1:]) for row in msgspec.json.decode(text))
    names = ("out_of_scope", "over_limit", "prior_self_pay", "in_scope", "prior_self_pay_ratio")
    return tuple(
        msgspec.structs.replace(line, **dict(zip(names, former[line.line_no], strict=True)))
        if line.line_no in former
        else line
        for line in lines
    )


def views(settlement_ids: Sequence[int]) -> list[SettlementView]:
    """Several settlements without their lines, in the given order; unknown ids are left out."""
    found = (read_stored(settlement_id=number) for number in settlement_ids)
    return [view_of(stored) for stored in found if stored is not None]
