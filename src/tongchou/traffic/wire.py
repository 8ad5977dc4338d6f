"""Input nodes as a hospital or pharmacy system fills them. Amounts are sent as text, now and then as JSON numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tongchou.traffic.supplies import Line, Patient

Node = dict[str, Any]
TIME_ZONE = ZoneInfo("Asia/Shanghai")


def text(moment: datetime) -> str:
    """yyyy-MM-dd HH:mm:ss."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def yuan(fen: int) -> Decimal:
    """An amount as a JSON number."""
    return Decimal(fen).scaleb(-2)


def yuan_of(value: str | int) -> Decimal:
    """An amount of an answer, as it was decoded."""
    return Decimal(value)


def certificate(patient: Patient) -> Node:
    """What the patient shows: the card, the e-credential, or the ID card."""
    if patient.card_number and patient.card_serial:
        return {"mdtrt_cert_type": "03", "mdtrt_cert_no": patient.card_number, "card_sn": patient.card_serial}
    if patient.token:
        return {"mdtrt_cert_type": "01", "mdtrt_cert_no": patient.token, "card_sn": ""}
    return {"mdtrt_cert_type": "02", "mdtrt_cert_no": patient.cert_no, "card_sn": ""}


def identity(patient: Patient) -> Node:
    """Who the patient is."""
    return {"psn_cert_type": patient.cert_type, "certno": patient.cert_no, "psn_name": patient.name}


def lookup(patient: Patient) -> Node:
    """1101."""
    return {"data": {**certificate(patient), **identity(patient), "begntime": ""}}


def line(number: int, each: Line, moment: datetime) -> Node:
    """What all kinds of fee lines share."""
    return {
        "feedetl_sn": str(number),
        "fee_ocur_time": text(moment),
        "med_list_codg": each.item.item_code,
        "medins_list_codg": each.item.local_code,
        "det_item_fee_sumamt": str(yuan(each.amount)) if number % 2 else yuan(each.amount),
        "cnt": str(Decimal(each.quantity).scaleb(-4)),
        "pric": str(Decimal(each.item.unit_price).scaleb(-6)),
        "rx_circ_flag": "0",
        "hosp_appr_flag": "1",
        "bilg_dept_codg": "A03",
        "bilg_dept_name": "内科",
        "bilg_dr_codg": "D0001",
        "bilg_dr_name": "陈医生",
    }


def purchase(patient: Patient, lines: Sequence[Line], moment: datetime, *, total: int | None = None) -> Node:
    """2101, 2102. ``total`` in fen; the sum of the lines if not given."""
    claimed = sum(each.amount for each in lines) if total is None else total
    return {
        "druginfo": {
            "psn_no": patient.person_number,
            **certificate(patient),
            **identity(patient),
            "psn_type": patient.person_type[:3],
            "begntime": text(moment),
            "medfee_sumamt": yuan(claimed),
            "invono": "",
            "insutype": patient.scheme,
            "dise_codg": "",
            "dise_name": "",
            "acct_used_flag": account_flag(patient),
            "med_type": "41",
        },
        "drugdetail": [line(number, each, moment) for number, each in enumerate(lines, 1)],
    }


def account_flag(patient: Patient) -> str:
    """Employees pay their share from the personal account, others from a relative's where they may."""
    if patient.scheme == "310":
        return "1"
    return "2" if patient.family else "0"


def registration(patient: Patient, visit_no: str, moment: datetime) -> Node:
    """2201."""
    return {
        "data": {
            "psn_no": patient.person_number,
            "insutype": patient.scheme,
            "begntime": text(moment),
            **certificate(patient),
            "ipt_otp_no": visit_no,
            "atddr_no": "D0001",
            "dr_name": "陈医生",
            "dept_code": "A03",
            "dept_name": "内科",
            "caty": "A03",
        }
    }


def visit(patient: Patient, encounter: str, med_type: str, disease: tuple[str, str], moment: datetime) -> Node:
    """2203."""
    return {
        "mdtrtinfo": {
            "mdtrt_id": encounter,
            "psn_no": patient.person_number,
            "med_type": med_type,
            "begntime": text(moment),
            "main_cond_dscr": "",
            "dise_codg": disease[0],
            "dise_name": disease[1],
        },
        "diseinfo": [{**diagnosis(disease, moment), "vali_flag": "1"}],
    }


def diagnosis(disease: tuple[str, str], moment: datetime) -> Node:
    """The one diagnosis of a visit."""
    return {
        "diag_type": "1",
        "diag_srt_no": 1,
        "diag_code": disease[0],
        "diag_name": disease[1],
        "diag_dept": "A03",
        "dise_dor_no": "D0001",
        "dise_dor_name": "陈医生",
        "diag_time": text(moment),
    }


def outpatient_lines(patient: Patient, encounter: str, batch: str, rows: Sequence[Node]) -> Node:
    """2204."""
    shared = {"mdtrt_id": encounter, "psn_no": patient.person_number, "chrg_bchno": batch}
    return {"feedetail": [{**row, **shared} for row in rows]}


def outpatient_settlement(
    patient: Patient, encounter: str, batch: str, med_type: str, total: int, parts: Node | None = None
) -> Node:
    """2206, and with the parts of its answer 2207. ``total`` in fen."""
    return {
        "data": {
            "psn_no": patient.person_number,
            **certificate(patient),
            "med_type": med_type,
            "medfee_sumamt": yuan(total),
            "psn_setlway": "01",
            "mdtrt_id": encounter,
            "chrg_bchno": batch,
            "acct_used_flag": account_flag(patient),
            "insutype": patient.scheme,
            "invono": "",
            **(parts or {}),
        }
    }


def admission(patient: Patient, stay_no: str, med_type: str, disease: tuple[str, str], moment: datetime) -> Node:
    """2401."""
    return {
        "mdtrtinfo": {
            "psn_no": patient.person_number,
            "insutype": patient.scheme,
            "begntime": text(moment),
            **certificate(patient),
            "med_type": med_type,
            "ipt_no": stay_no,
            "medrcdno": stay_no,
            "atddr_no": "D0001",
            "chfpdr_name": "陈医生",
            "adm_diag_dscr": disease[1],
            "adm_dept_codg": "A03",
            "adm_dept_name": "内科",
            "adm_bed": "12",
            "dscg_maindiag_code": disease[0],
            "dscg_maindiag_name": disease[1],
        },
        "diseinfo": [{**diagnosis(disease, moment), "psn_no": patient.person_number, "maindiag_flag": "1"}],
    }


def stay_lines(patient: Patient, encounter: str, med_type: str, rows: Sequence[Node]) -> Node:
    """2301."""
    shared = {"mdtrt_id": encounter, "psn_no": patient.person_number, "med_type": med_type}
    return {"feedetail": [{**row, **shared} for row in rows]}


def discharge(patient: Patient, encounter: str, disease: tuple[str, str], moment: datetime) -> Node:
    """2402."""
    shared = {"mdtrt_id": encounter, "psn_no": patient.person_number}
    return {
        "dscginfo": {
            **shared,
            "insutype": patient.scheme,
            "endtime": text(moment),
            "dscg_dept_codg": "A03",
            "dscg_dept_name": "内科",
            "dscg_way": "1",
        },
        "diseinfo": [{**diagnosis(disease, moment), **shared, "maindiag_flag": "1"}],
    }


def stay_settlement(patient: Patient, encounter: str, total: int, parts: Node | None = None) -> Node:
    """2303, and with the parts of its answer 2304. ``total`` in fen."""
    return {
        "data": {
            "psn_no": patient.person_number,
            **certificate(patient),
            "medfee_sumamt": yuan(total),
            "psn_setlway": "01",
            "mdtrt_id": encounter,
            "insutype": patient.scheme,
            "acct_used_flag": account_flag(patient),
            "invono": "",
            "mid_setl_flag": "0",
            **(parts or {}),
        }
    }


def revocation(patient: Patient, settlement: str, encounter: str) -> Node:
    """2103, 2208, 2305."""
    return {"data": {"setl_id": settlement, "mdtrt_id": encounter, "psn_no": patient.person_number}}


def of_visit(patient: Patient, encounter: str, **more: str) -> Node:
    """The small transactions that name a visit: 2202, 2205, 2404, 2405."""
    return {"data": {"mdtrt_id": encounter, "psn_no": patient.person_number, **more}}


def undo(person: str, message_id: str, infno: str) -> Node:
    """2601."""
    return {"data": {"psn_no": person, "omsgid": message_id, "oinfno": infno}}


PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


def parts_of(output: Any) -> Node:
    """The four parts of a pre-settlement, which the settlement repeats."""
    return {name: output["setlinfo"][name] for name in PARTS}
