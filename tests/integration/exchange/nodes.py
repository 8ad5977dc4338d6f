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
