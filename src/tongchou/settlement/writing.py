"""The one write of the hot path: drafts as rows, one statement, one commit (SQL function ``settlement_write``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from tongchou.ledger import api as ledger
from tongchou.settlement import answers
from tongchou.settlement.core.decision import JournalLine, journal_lines
from tongchou.settlement.core.inputs import PurchaseInput, Receipt
from tongchou.settlement.core.tables import MED_TYPES
from tongchou.settlement.core.views import LineSplitView, SettlementView
from tongchou.settlement.database import as_json, run
from tongchou.settlement.drafting import Draft

WRITTEN, AGAIN, CLOSED = "written", "again", "closed"
Row = dict[str, Any]

_WRITE = """
SELECT sid, outcome FROM settlement_write(
    %s::json, %s::json, %s::json, %s::json, %s::json, %s::json, %s::json, %s::json, %s::json, %s::json, %b::bytea[])
"""


@dataclass(slots=True)
class Rows:
    """The parameters of one write, table by table; every row knows its settlement id."""

    jobs: list[Row] = field(default_factory=list)
    counters: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    receipts: list[Row] = field(default_factory=list)
    encounters: list[Row] = field(default_factory=list)
    lines: list[LineSplitView] = field(default_factory=list)
    settlements: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    journals: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def extend(self, other: Rows) -> None:
        """Add another job's rows."""
        shift = len(self.answers)
        for receipt in other.receipts:
            receipt["answer"] += shift
        for name in self.__slots__:
            getattr(self, name).extend(getattr(other, name))

    def write(self) -> dict[int, str]:
        """Write all jobs in one statement. Returns the outcome by settlement id: written, again, closed."""
        parts = (
            self.jobs, self.counters, self.accounts, self.receipts, self.encounters, self.lines, self.settlements,
            self.payments, self.journals, self.entries,
        )  # fmt: skip
        return dict(run(_WRITE, (*(as_json(part) for part in parts), self.answers)))


def add_settlement(rows: Rows, *, draft: Draft, receipt: Receipt, answer: bytes) -> None:
    """Add a decided settlement to a write.

    Raises:
        Rejection: LEDG-009 a fund of the policy has no account in the area's chart.
    """
    view, decision = draft.view, draft.decision
    purchase = isinstance(draft.request, PurchaseInput)
    rows.jobs.append(_job(draft, purchase=purchase))
    for change in decision.counters:
        rows.counters.append(
            {
                "sid": view.id,
                "person_id": view.person.id,
                "scheme": view.scheme,
                "period": change.period,
                "version": change.version,
                "values": change.after(),
            }
        )
    if decision.account_id:
        rows.accounts.append(
            {
                "sid": view.id,
                "id": decision.account_id,
                "version": decision.account_version,
                "change": -decision.account_pay,
            }
        )
    if purchase:
        rows.encounters.append(_encounter_row(draft, view.settled_at))
        rows.lines += view.lines
    add_receipt(rows, receipt=receipt, subject=view.id, answer=answer, now=view.settled_at)
    add_header(rows, view)
    lines = journal_lines(
        payments=view.payments,
        account_pay=view.account_pay,
        cash_pay=view.cash_pay,
        account_id=decision.account_id,
        institution_id=draft.institution_id,
        scheme=view.scheme,
        account_scheme=decision.account_scheme,
    )
    add_journal(rows, view=view, lines=lines, kind="settlement", key=f"setl:{view.id}")


def _job(draft: Draft, *, purchase: bool) -> Row:
    view = draft.view
    stay = MED_TYPES[view.med_type].stay
    return {
        "sid": view.id,
        "area": view.area,
        "business_date": view.business_date,
        "encounter": view.encounter_id,
        "action": "purchase" if purchase else "settle",
        "status": draft.status,
        "new_status": draft.new_status,
        "month": draft.fee_month,
        "batch": view.batch,
        "sums": draft.sums,
        "fresh": any(change.version == 0 for change in draft.decision.counters),
        "med_type": view.med_type,
        "end_at": None if stay else view.settled_at,
    }


def add_receipt(rows: Rows, *, receipt: Receipt, subject: int, answer: bytes, now: datetime) -> None:
    """Add the receipt of the message with its stored answer."""
    rows.answers.append(answers.pack(answer))
    rows.receipts.append(
        {
            "sid": subject,
            "institution_code": receipt.institution_code,
            "message_id": receipt.message_id,
            "transaction": receipt.transaction,
            "body_hash": receipt.body_hash.hex(),
            "answer": len(rows.answers),
            "received_at": now,
        }
    )


_COLUMNS = (
    "id", "encounter_id", "area", "institution_code", "scheme", "person_type", "med_type", "clearing_type", "clearing_way",
    "direction", "message_id", "batch", "invoice_no", "account_used", "settled_at", "business_date", "benefit_year", "benefit",
    "total", "out_of_scope", "over_limit", "prior_self_pay", "in_scope", "deductible", "pool_ratio", "fund_pay",
    "account_pay", "cash_pay", "account_balance", "package", "plan", "facts", "accumulators_before", "accumulator_delta",
    "values", "earlier_years",
)  # fmt: skip
_columns_of = attrgetter(*_COLUMNS)


def add_header(rows: Rows, view: SettlementView) -> None:
    """Add the settlement row and its payments."""
    row: Row = dict(zip(_COLUMNS, _columns_of(view), strict=True))
    row["person_id"] = view.person.id
    row["reversal_of_id"] = view.reversal_of
    if view.account_id is not None:
        row["account_id"] = view.account_id
    rows.settlements.append(row)
    for number, payment in enumerate(view.payments, start=1):
        rows.payments.append(
            {
                "settlement_id": view.id,
                "line": number,
                "layer": payment.layer,
                "fund": payment.fund,
                "base": payment.base,
                "amount": payment.amount,
            }
        )


def add_journal(
    rows: Rows,
    *,
    view: SettlementView,
    lines: Sequence[JournalLine],
    kind: str,
    key: str,
    reversal_of: int | None = None,
) -> None:
    """Add the journal of a settlement; it has the settlement's id.

    Raises:
        Rejection: LEDG-009 unknown account.
        AssertionError: it does not balance (a bug).
    """
    if sum(line.amount for line in lines):
        raise AssertionError(f"journal {key} does not balance: {lines}")
    ids: Mapping[str, int] = ledger.account_ids(area=view.area)
    for number, line in enumerate(lines, start=1):
        rows.entries.append(
            {
                "journal_id": view.id,
                "line": number,
                "account_id": ids.get(line.code) or ledger.account_id(area=view.area, code=line.code),
                "party": line.party,
                "amount": line.amount,
                "business_date": view.business_date,
            }
        )
    rows.journals.append(
        {
            "id": view.id,
            "area": view.area,
            "business_date": view.business_date,
            "kind": kind,
            "business_key": key,
            "cause": "settlement",
            "cause_id": view.id,
            "policy": view.package,
            "memo": "",
            "reversal_of": reversal_of,
            "entry_count": len(lines),
            "turnover": sum(line.amount for line in lines if line.amount > 0),
            "posted_at": view.settled_at,
        }
    )


def _encounter_row(draft: Draft, now: datetime) -> Row:
    view, request = draft.view, draft.request
    return {
        "id": view.encounter_id,
        "area": view.area,
        "person_id": view.person.id,
        "institution_code": view.institution_code,
        "scheme": view.scheme,
        "med_type": view.med_type,
        "visit_no": "",
        "status": draft.new_status,
        "begin_at": view.begin_at,
        "end_at": view.end_at,
        "disease_code": view.disease_code,
        "disease_name": view.disease_name,
        "diagnosis_code": "",
        "diagnosis_name": "",
        "department": "",
        "doctor": "",
        "details": request.details if isinstance(request, PurchaseInput) else {},
        "fee_month": draft.fee_month,
        "created_at": now,
    }
