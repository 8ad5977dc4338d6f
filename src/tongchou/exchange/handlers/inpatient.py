"""Hospital stays: 2401 admit, 2404 undo, 2301/2302 lines, 2402 discharge, 2405 undo, 2303 pre-settle, 2304 settle, 2305 revoke."""

from __future__ import annotations

from tongchou.exchange.envelope import Message
from tongchou.exchange.handlers.lines import number_of, visit_of
from tongchou.exchange.handlers.moments import refuse_future
from tongchou.exchange.handlers.outpatient import diagnosis, kept, parts_of, settled, upload_lines
from tongchou.exchange.handlers.persons import check_visitor
from tongchou.exchange.handlers.revoking import revoke, undo
from tongchou.exchange.kinds import OwnReceipt, Query, Settle, Transaction, Write
from tongchou.exchange.shapes import node
from tongchou.settlement import api as settlement

ADMISSION, DISCHARGE = "1", "2"
ALL_LINES = "0000"
"""feedetl_sn that withdraws every unsettled line."""
ADMISSION_DETAILS = (
    "mdtrt_cert_type", "coner_name", "tel", "medrcdno", "atddr_no", "adm_diag_dscr", "adm_dept_codg", "adm_dept_name",
    "adm_bed", "dscg_maindiag_code", "dscg_maindiag_name", "main_cond_dscr", "oprn_oprt_code", "oprn_oprt_name", "fpsc_no",
    "matn_type", "birctrl_type", "latechb_flag", "pret_flag", "dise_type_code",
)  # fmt: skip
DISCHARGE_DETAILS = (
    "oprn_oprt_code", "oprn_oprt_name", "matn_type", "birctrl_type", "cop_flag", "dscg_dept_codg", "dscg_dept_name",
    "dscg_bed", "dscg_way",
)  # fmt: skip


def admit(message: Message, _: bytes | None) -> tuple[object, int]:
    """2401: an admission; the certificate shown must be the person's."""
    data = message.nodes["mdtrtinfo"]
    refuse_future(message, "mdtrtinfo", "begntime")
    check_visitor(data)
    encounter = settlement.admit(
        institution_code=message.institution_code,
        request=settlement.EncounterInput(
            person_number=data["psn_no"],
            scheme=data["insutype"],
            med_type=data["med_type"],
            begin_at=data["begntime"],
            visit_no=data["ipt_no"],
            disease_code=data["dise_codg"] or "",
            disease_name=data["dise_name"] or "",
            department=data["adm_dept_name"],
            doctor=data["chfpdr_name"],
            details=kept(data, *ADMISSION_DETAILS),
            diagnoses=tuple(diagnosis(row, ADMISSION) for row in message.nodes["diseinfo"]),
        ),
        now=message.received_at,
    )
    return {"result": node("2401", "result", {"mdtrt_id": str(encounter)})}, encounter


def cancel_admission(message: Message, _: bytes | None) -> tuple[object, int]:
    """2404: takes an admission back."""
    data = message.nodes["data"]
    encounter = number_of(data["mdtrt_id"], "mdtrt_id")
    settlement.cancel_admission(
        institution_code=message.institution_code,
        encounter_id=encounter,
        person_number=data["psn_no"],
    )
    return None, encounter


def discharge(message: Message, _: bytes | None) -> tuple[object, int]:
    """2402: a discharge with its diagnoses."""
    data = message.nodes["dscginfo"]
    refuse_future(message, "dscginfo", "endtime")
    encounter = number_of(data["mdtrt_id"], "mdtrt_id")
    settlement.discharge(
        institution_code=message.institution_code,
        request=settlement.DischargeInput(
            encounter_id=encounter,
            person_number=data["psn_no"],
            end_at=data["endtime"],
            disease_code=data["dise_codg"] or "",
            disease_name=data["dise_name"] or "",
            department=data["dscg_dept_name"],
            details=kept(data, *DISCHARGE_DETAILS),
            diagnoses=tuple(diagnosis(row, DISCHARGE) for row in message.nodes["diseinfo"]),
        ),
    )
    return None, encounter


def cancel_discharge(message: Message, _: bytes | None) -> tuple[object, int]:
    """2405: takes a discharge back; the settlement must have been revoked before."""
    data = message.nodes["data"]
    encounter = number_of(data["mdtrt_id"], "mdtrt_id")
    settlement.cancel_discharge(
        institution_code=message.institution_code,
        encounter_id=encounter,
        person_number=data["psn_no"],
    )
    return None, encounter


def withdraw_lines(message: Message, _: bytes | None) -> tuple[object, int]:
    """2302: takes unsettled lines back, the named ones or (0000) all."""
    rows = message.nodes["data"]
    encounter, person_number = visit_of(rows)
    numbers = [row["feedetl_sn"] for row in rows]
    settlement.withdraw_lines(
        institution_code=message.institution_code,
        encounter_id=encounter,
        person_number=person_number,
        line_nos=None if ALL_LINES in numbers else [number_of(each, "feedetl_sn") for each in numbers],
        stay=True,
    )
    return None, encounter


def settle_request(message: Message) -> settlement.SettleInput:
    """The settlement that a 2303 or 2304 asks for; mid_setl_flag 1 settles so far and leaves the stay open."""
    data = message.nodes["data"]
    return settlement.SettleInput(
        encounter_id=number_of(data["mdtrt_id"], "mdtrt_id"),
        person_number=data["psn_no"],
        scheme=data["insutype"],
        med_type="",
        claimed_total=data["medfee_sumamt"],
        claimed_parts=parts_of(data),
        account_used=data["acct_used_flag"] or "0",
        invoice_no=data.get("invono") or "",
        interim=data["mid_setl_flag"] == "1",
    )


def pre_settle(message: Message) -> object:
    """2303: what the stay would cost; nothing is written."""
    view = settlement.pre_settle(
        institution_code=message.institution_code, request=settle_request(message), now=message.received_at
    )
    return settled(message, view)


TRANSACTIONS: dict[str, Transaction] = {
    "2301": Write(upload_lines),
    "2302": Write(withdraw_lines),
    "2303": Query(pre_settle),
    "2304": Settle(settle_request, settled),
    "2305": OwnReceipt(revoke),
    "2401": Write(admit),
    "2402": Write(discharge),
    "2404": Write(cancel_admission),
    "2405": Write(cancel_discharge),
    "2601": OwnReceipt(undo),
}
