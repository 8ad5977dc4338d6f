"""Reconciliation: 3201 totals, 3202 details with files (uploaded by 9101, the result fetched by 9102)."""

from __future__ import annotations

from typing import Any

from tongchou.exchange import rejections
from tongchou.exchange.envelope import Message
from tongchou.exchange.handlers.statement_file import ResultRow, UploadedRow, read_upload, write_result
from tongchou.exchange.kinds import Transaction, Write
from tongchou.exchange.services import fetch_file, store_file
from tongchou.exchange.shapes import moment, node
from tongchou.registry import api as registry
from tongchou.settlement import api as settlement

EQUAL, UNEQUAL = "0", "1"
RESULT_CODES = {"equal": EQUAL, "differs": UNEQUAL, "institution_extra": UNEQUAL, "centre_extra": UNEQUAL}
NEWER_RESULT_CODES = {
    "equal": "000000",
    "centre_extra": "000101",
    "institution_extra": "000102",
    "differs": "000103",
}
"""Answers to eight-column uploads (interface section 3.2); 000101 is not documented, it follows from its neighbours."""


def totals(message: Message, _: bytes | None) -> tuple[object, int]:
    """3201: the institution's totals beside the centre's."""
    data = message.nodes["data"]
    found = settlement.statement_totals(
        scope=_scope(message, data, scheme=data["insutype"]),
        claimed=settlement.Totals(
            total=data["medfee_sumamt"],
            fund_pay=data["fund_pay_sumamt"],
            account_pay=data["acct_pay"],
            count=data["fixmedins_setl_cnt"],
        ),
        now=message.received_at,
    )
    row = {
        "setl_optins": data["setl_optins"],
        "stmt_rslt": EQUAL if found.equal else UNEQUAL,
        "stmt_rslt_dscr": found.description,
    }
    return {"stmtinfo": node("3201", "stmtinfo", row)}, 0


def details(message: Message, _: bytes | None) -> tuple[object, int]:
    """3202: the institution's list beside the centre's, row by row; the answer names the file with the result."""
    data = message.nodes["data"]
    number = data["file_qury_no"]
    uploaded = fetch_file(number=number, institution_code=message.institution_code, now=message.received_at)
    rows, newer = read_upload(uploaded.content, number=number)
    results = settlement.statement_details(
        scope=_scope(message, data, scheme=""),
        rows=[_claim(row, each) for row, each in enumerate(rows, 1)],
        now=message.received_at,
    )
    codes = NEWER_RESULT_CODES if newer else RESULT_CODES
    stored = store_file(
        institution_code=message.institution_code,
        filename=f"result_{number[:12]}.zip",
        content=write_result(_result_row(result, codes) for result in results),
        now=message.received_at,
    )
    row = {
        "file_qury_no": stored.number,
        "filename": stored.filename,
        "dld_endtime": moment(stored.expires_at),
    }
    return {"fileinfo": node("3202", "fileinfo", row)}, 0


def _scope(message: Message, data: dict[str, Any], *, scheme: str) -> settlement.Scope:
    """What is compared. Raises: Rejection REG-009, setl_optins is no area of this centre."""
    registry.pooling_area_of(area_code=data["setl_optins"])
    return settlement.Scope(
        institution_code=message.institution_code,
        begin=data["stmt_begndate"],
        end=data["stmt_enddate"],
        scheme=scheme,
        clearing_type=data["clr_type"],
        refund=data["refd_setl_flag"] or "",
    )


def _claim(number: int, row: UploadedRow) -> settlement.DetailClaim:
    for value in (row.settlement, row.encounter):
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            raise rejections.FILE_ROW(row=number, reason="结算ID和就诊ID应为中心给出的编号")
    return settlement.DetailClaim(
        settlement_id=int(row.settlement),
        encounter_id=int(row.encounter),
        person_number=row.person,
        total=row.total,
        fund_pay=row.fund_pay,
        account_pay=row.account_pay,
        refund=row.refund,
    )


def _result_row(result: settlement.DetailResult, codes: dict[str, str]) -> ResultRow:
    return ResultRow(
        person=result.person_number,
        encounter="" if result.encounter_id is None else str(result.encounter_id),
        settlement="" if result.settlement_id is None else str(result.settlement_id),
        message_id=result.message_id,
        result=codes[result.result],
        refund=result.refund,
        memo=result.memo,
        total=result.total,
        fund_pay=result.fund_pay,
        account_pay=result.account_pay,
    )


TRANSACTIONS: dict[str, Transaction] = {"3201": Write(totals), "3202": Write(details)}
