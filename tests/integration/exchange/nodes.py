"""Input nodes for the small world of the settlement tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.integration.settlement.world import CLASS_A, person_number

NOW = "2026-11-20 10:30:00"


def person(number: int = 1) -> dict[str, Any]:
    """The person and the ID card that is shown."""
    return {
        "psn_no": person_number(number),
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": f"62990219800101{number:04d}",
        "psn_cert_type": "01",
        "certno": f"62990219800101{number:04d}",
        "psn_name": f"张{number}",
        "psn_type": "11",
    }


def line(number: int = 1, item: str = CLASS_A, *, yuan: int = 100, count: int = 1, **changes: Any) -> dict[str, Any]:
    """A fee line of some units."""
    return {
        "feedetl_sn": str(number),
        "rx_circ_flag": "0",
        "fee_ocur_time": NOW,
        "med_list_codg": item,
        "medins_list_codg": f"L{item}",
        "det_item_fee_sumamt": f"{yuan * count}.00",
        "cnt": f"{count}.0000",
        "pric": f"{yuan}.000000",
        "hosp_appr_flag": "0",
        "bilg_dept_codg": "A03",
        "bilg_dept_name": "内科",
        "bilg_dr_codg": "D1",
        "bilg_dr_name": "陈医生",
        **changes,
    }


def purchase(who: int = 1, lines: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """The input of 2101 and 2102; the account is used."""
    rows = [line()] if lines is None else lines
    total = sum(Decimal(str(row["det_item_fee_sumamt"])) for row in rows)
    head = {
        **person(who), "begntime": NOW, "medfee_sumamt": f"{total}", "insutype": "310", "acct_used_flag": "1",
        "med_type": "41", **changes,
    }  # fmt: skip
    return {"druginfo": head, "drugdetail": rows}


def registration(who: int = 1, **changes: Any) -> dict[str, Any]:
    """The input of 2201."""
    names = {
        "begntime": NOW,
        "ipt_otp_no": "M1",
        "dept_code": "A03",
        "dept_name": "内科",
        "caty": "A03",
        "dr_name": "陈医生",
    }
    return {"data": {**person(who), "insutype": "310", **names, **changes}}


def visit(encounter: str, who: int = 1, med_type: str = "11", **changes: Any) -> dict[str, Any]:
    """The input of 2203."""
    head = {"mdtrt_id": encounter, "psn_no": person_number(who), "med_type": med_type, "begntime": NOW,
            "dise_codg": "J06.900", "dise_name": "急性上呼吸道感染", **changes}  # fmt: skip
    return {"mdtrtinfo": head, "diseinfo": [{**diagnosis(), "vali_flag": "1"}]}


def diagnosis() -> dict[str, Any]:
    """One diagnosis."""
    return {"diag_type": "1", "diag_srt_no": 1, "diag_code": "J06.900", "diag_name": "急性上呼吸道感染", "diag_dept": "内科",
            "dise_dor_no": "D1", "dise_dor_name": "陈医生", "diag_time": NOW}  # fmt: skip


def fees(
    encounter: str, rows: list[dict[str, Any]], who: int = 1, batch: str = "B1", med_type: str = ""
) -> dict[str, Any]:
    """The input of 2204, or with a med_type of 2301."""
    shared = {"mdtrt_id": encounter, "psn_no": person_number(who), "chrg_bchno": batch}
    return {"feedetail": [{**row, **shared, **({"med_type": med_type} if med_type else {})} for row in rows]}


def settling(encounter: str, total: str, who: int = 1, batch: str = "B1", **changes: Any) -> dict[str, Any]:
    """The input of 2206 and 2207, 2303 and 2304; with ``parts`` from :func:`parts_of`."""
    head = person(who)
    return {"data": {**head, "med_type": "11", "medfee_sumamt": total, "psn_setlway": "01", "mdtrt_id": encounter, "chrg_bchno": batch,
                     "acct_used_flag": "1", "insutype": "310", "mid_setl_flag": "0", **changes}}  # fmt: skip


def parts_of(output: Any) -> dict[str, str]:
    """The four parts of a pre-settlement, as the settlement repeats them."""
    names = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    return {name: str(output["setlinfo"][name]) for name in names}


def admission(who: int = 1, **changes: Any) -> dict[str, Any]:
    """The input of 2401."""
    head = {**person(who), "insutype": "310", "begntime": "2026-11-18 09:00:00", "med_type": "2101", "ipt_no": "Z1",
            "atddr_no": "D1", "chfpdr_name": "陈医生", "adm_diag_dscr": "肺炎", "adm_dept_codg": "A03", "adm_dept_name": "内科",
            "adm_bed": "12", "dscg_maindiag_code": "J18.900", "dscg_maindiag_name": "肺炎", **changes}  # fmt: skip
    return {"mdtrtinfo": head, "diseinfo": [{**diagnosis(), "psn_no": person_number(who), "maindiag_flag": "1"}]}


def discharge(encounter: str, who: int = 1) -> dict[str, Any]:
    """The input of 2402."""
    shared = {"mdtrt_id": encounter, "psn_no": person_number(who)}
    head = {
        **shared,
        "insutype": "310",
        "endtime": NOW,
        "dscg_dept_codg": "A03",
        "dscg_dept_name": "内科",
        "dscg_way": "1",
    }
    return {"dscginfo": head, "diseinfo": [{**diagnosis(), **shared, "maindiag_flag": "1"}]}


def of_visit(encounter: str, who: int = 1, **more: str) -> dict[str, Any]:
    """The small transactions that name a visit."""
    return {"data": {"mdtrt_id": encounter, "psn_no": person_number(who), **more}}


def revocation(info: Any, **changes: str) -> dict[str, Any]:
    """The input of 2103, 2208, 2305 for a setlinfo."""
    return {"data": {"setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"], "psn_no": info["psn_no"], **changes}}
