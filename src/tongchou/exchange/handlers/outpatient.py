"""Outpatient visits: 2201 register, 2202 cancel, 2203 visit data, 2204/2205 lines, 2206 pre-settle, 2207 settle, 2208 revoke."""

from __future__ import annotations

import json
from typing import Any

from tongchou.exchange.answers import line_rows, settlement_output
from tongchou.exchange.envelope import Message
from tongchou.exchange.handlers.lines import line_inputs, number_of, visit_of
from tongchou.exchange.handlers.moments import refuse_future
from tongchou.exchange.handlers.persons import check_identity, check_visitor
from tongchou.exchange.handlers.revoking import revoke
from tongchou.exchange.kinds import OwnReceipt, Query, Settle, Transaction, Write
from tongchou.exchange.shapes import node
from tongchou.settlement import api as settlement

NOT_SAID_YET = ""
"""med_type of a registration; 2203 says what the visit is about."""
OUTPATIENT_PHASE = "0"
STAY_LINES = "2301"
STAYS = frozenset({"2303", "2304"})
INVALID, YES = "0", "1"
REFERRED = frozenset({"2", "3"})
"""OTP_ER_REFL_FLAG: referred, or both referred and an emergency."""


def register(message: Message, _: bytes | None) -> tuple[object, int]:
    """2201: a registration; the certificate shown must be the person's."""
    data = message.nodes["data"]
    refuse_future(message, "data", "begntime")
    check_visitor(data)
    encounter = settlement.register_encounter(
        institution_code=message.institution_code,
        request=settlement.EncounterInput(
            person_number=data["psn_no"],
            scheme=data["insutype"],
            med_type=NOT_SAID_YET,
            begin_at=data["begntime"],
            visit_no=data["ipt_otp_no"],
            department=data["dept_name"],
            doctor=data["dr_name"] or "",
            details=kept(data, "mdtrt_cert_type", "atddr_no", "dept_code", "caty"),
        ),
        now=message.received_at,
    )
    row = {"mdtrt_id": str(encounter), "psn_no": data["psn_no"], "ipt_otp_no": data["ipt_otp_no"]}
    return {"data": node("2201", "data", row)}, encounter


def cancel(message: Message, _: bytes | None) -> tuple[object, int]:
    """2202: takes a registration back."""
    data = message.nodes["data"]
    encounter = number_of(data["mdtrt_id"], "mdtrt_id")
    settlement.cancel_encounter(
        institution_code=message.institution_code,
        encounter_id=encounter,
        person_number=data["psn_no"],
    )
    return None, encounter


def record_visit(message: Message, _: bytes | None) -> tuple[object, int]:
    """2203: what the visit was about, with its diagnoses (vali_flag 0 takes one back)."""
    data = message.nodes["mdtrtinfo"]
    encounter = number_of(data["mdtrt_id"], "mdtrt_id")
    settlement.record_visit(
        institution_code=message.institution_code,
        request=settlement.VisitInput(
            encounter_id=encounter,
            person_number=data["psn_no"],
            med_type=data["med_type"],
            begin_at=data["begntime"],
            disease_code=data["dise_codg"] or "",
            disease_name=data["dise_name"] or "",
            details=kept(data, "main_cond_dscr", "dise_type_code", "birctrl_type"),
            diagnoses=tuple(diagnosis(row, OUTPATIENT_PHASE) for row in message.nodes["diseinfo"]),
        ),
    )
    return None, encounter


def diagnosis(row: dict[str, Any], phase: str) -> settlement.DiagnosisInput:
    """A row of diseinfo. Outpatient rows have no main flag: the first in order is the main one."""
    main = row.get("maindiag_flag")
    return settlement.DiagnosisInput(
        phase=phase,
        order=row["diag_srt_no"],
        kind=row["diag_type"],
        code=row["diag_code"],
        name=row["diag_name"],
        main=row["diag_srt_no"] == 1 if main is None else main == "1",
        department=row["diag_dept"],
        doctor=row["dise_dor_name"],
        diagnosed_at=row["diag_time"],
        valid=row.get("vali_flag") != INVALID,
    )


def upload_lines(message: Message, _: bytes | None) -> tuple[object, int]:
    """2204, 2301: fee lines; the answer says how the catalogue splits each of them."""
    rows = message.nodes["feedetail"]
    refuse_future(message, "feedetail", "fee_ocur_time")
    encounter, person_number = visit_of(rows)
    lines = settlement.upload_lines(
        institution_code=message.institution_code,
        encounter_id=encounter,
        person_number=person_number,
        lines=line_inputs(rows),
        stay=message.transaction == STAY_LINES,
        med_types={row["med_type"] for row in rows if "med_type" in row},
    )
    return {"result": line_rows(message.transaction, lines)}, encounter


def withdraw_batch(message: Message, _: bytes | None) -> tuple[object, int]:
    """2205: takes unsettled lines back, of one batch or (0000) all."""
    data = message.nodes["data"]
    encounter = number_of(data["mdtrt_id"], "mdtrt_id")
    settlement.withdraw_lines(
        institution_code=message.institution_code,
        encounter_id=encounter,
        person_number=data["psn_no"],
        batch=data["chrg_bchno"],
        stay=False,
    )
    return None, encounter


def settle_request(message: Message) -> settlement.SettleInput:
    """The settlement that a 2206 or 2207 asks for; 2207 repeats how the institution splits the bill."""
    data = message.nodes["data"]
    return settlement.SettleInput(
        encounter_id=number_of(data["mdtrt_id"], "mdtrt_id"),
        person_number=data["psn_no"],
        scheme=data["insutype"],
        med_type=data["med_type"],
        batch=data["chrg_bchno"],
        claimed_total=data["medfee_sumamt"],
        claimed_parts=parts_of(data),
        account_used=data["acct_used_flag"],
        invoice_no=data.get("invono") or "",
    )


def parts_of(data: dict[str, Any]) -> settlement.Parts | None:
    """The institution's view of the bill, where it states all four parts."""
    names = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    if any(data.get(name) is None for name in names):
        return None
    out_of_scope, over_limit, prior_self_pay, in_scope = (data[name] for name in names)
    return settlement.Parts(
        out_of_scope=out_of_scope, over_limit=over_limit, prior_self_pay=prior_self_pay, in_scope=in_scope
    )


def pre_settle(message: Message) -> object:
    """2206: what the visit would cost; nothing is written."""
    view = settlement.pre_settle(
        institution_code=message.institution_code, request=settle_request(message), now=message.received_at
    )
    return settled(message, view)


def settled(message: Message, view: settlement.SettlementView) -> object:
    """The output of 2206, 2207, 2303 and 2304. A refusal here comes before anything is written.

    Raises:
        Rejection: EXCH-031 the visitor is not the person, SETL-047 a stay among outpatient visits or the other way round.
    """
    data = message.nodes["data"]
    settlement.refuse_other_settlement(view, stay=message.transaction in STAYS)
    check_identity(view.person, data)
    return settlement_output(
        message.transaction, view, mdtrt_cert_type=data["mdtrt_cert_type"], medins_setl_id=message.message_id
    )


def kept(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """The registered fields that come back in 5201, and the circumstances that the policy asks for."""
    fields = {name: value for name in names if (value := data.get(name)) is not None}
    return {**fields, **circumstances(data)}


def circumstances(data: dict[str, Any]) -> dict[str, str]:
    """What exp_content says about a visit (interface section 6): third party liable, referred, accident."""
    content = data.get("exp_content") or data.get("expContent")
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError:
            return {}
    if not isinstance(content, dict):
        return {}
    flags = {str(key).upper(): str(value) for key, value in content.items()}
    found = {}
    if flags.get("REL_TTP_FLAG") == YES:
        found["liable_person"] = YES
    if flags.get("TRUM_FLAG") == YES:
        found["accident"] = YES
    if flags.get("OTP_ER_REFL_FLAG") in REFERRED:
        found["referral"] = "转诊"
    return found


TRANSACTIONS: dict[str, Transaction] = {
    "2201": Write(register),
    "2202": Write(cancel),
    "2203": Write(record_visit),
    "2204": Write(upload_lines),
    "2205": Write(withdraw_batch),
    "2206": Query(pre_settle),
    "2207": Settle(settle_request, settled),
    "2208": OwnReceipt(revoke),
}
