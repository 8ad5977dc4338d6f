"""Messages as a hospital or pharmacy sends them, for the tests of the gateway."""

from __future__ import annotations

import json
from typing import Any


def envelope(infno: str, nodes: Any, **changes: Any) -> dict[str, Any]:
    """A complete message; ``changes`` replace fields, ``None`` leaves one out."""
    message = {
        "infno": infno,
        "msgid": "P62010000001202611221030000001",
        "mdtrtarea_admvs": "620100",
        "insuplc_admdvs": "620100",
        "recer_sys_code": "01",
        "dev_no": "",
        "dev_safe_info": "",
        "cainfo": "",
        "signtype": "",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "001",
        "opter_name": "王五",
        "inf_time": "2026-11-22 10:30:00",
        "fixmedins_code": "P62010000001",
        "fixmedins_name": "惠民大药房",
        "sign_no": "",
        "input": nodes,
        **changes,
    }
    return {name: value for name, value in message.items() if value is not None}


def purchase(lines: int = 1, **changes: Any) -> dict[str, Any]:
    """The input of a 2102: every line 2 × 6.15 = 12.30 yuan."""
    druginfo = {
        "psn_no": "62010000000000000001",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": "620102198001010011",
        "card_sn": "",
        "psn_cert_type": "01",
        "certno": "620102198001010011",
        "psn_type": "11",
        "psn_name": "张三",
        "begntime": "2026-11-22 10:30:00",
        "medfee_sumamt": f"{12.3 * lines:.2f}",
        "invono": "0001",
        "insutype": "310",
        "dise_codg": "",
        "dise_name": "",
        "acct_used_flag": "1",
        "med_type": "41",
        **changes,
    }
    return {"druginfo": druginfo, "drugdetail": [line(number) for number in range(1, lines + 1)]}


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One fee line of a 2102."""
    return {
        "feedetl_sn": str(number),
        "rxno": "",
        "rx_circ_flag": "0",
        "fee_ocur_time": "2026-11-22 10:30:00",
        "med_list_codg": "XA02BCA001A001010104321",
        "medins_list_codg": "L0001",
        "det_item_fee_sumamt": "12.30",
        "cnt": "2.0000",
        "pric": "6.150000",
        "sin_dos_dscr": "",
        "used_frqu_dscr": "",
        "prd_days": "",
        "medc_way_dscr": "",
        "bilg_dr_codg": "D001",
        "bilg_dr_name": "李四",
        "tcmdrug_used_way": "",
        **changes,
    }


def body(message: dict[str, Any]) -> bytes:
    """The message as bytes."""
    return json.dumps(message, ensure_ascii=False).encode()
