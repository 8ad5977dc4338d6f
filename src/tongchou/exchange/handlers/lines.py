"""Fee lines of the wire → the lines that settlement takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tongchou.exchange import rejections
from tongchou.settlement.api import LineInput

DETAILS = (
    "rxno",
    "rx_circ_flag",
    "drord_no",
    "sin_dos_dscr",
    "used_frqu_dscr",
    "prd_days",
    "medc_way_dscr",
    "bilg_dept_codg",
    "bilg_dept_name",
    "bilg_dr_codg",
    "bilg_dr_name",
    "acord_dept_codg",
    "acord_dept_name",
    "orders_dr_code",
    "orders_dr_name",
    "tcmdrug_used_way",
    "etip_flag",
    "etip_hosp_code",
    "dscg_tkdrug_flag",
    "matn_fee_flag",
    "memo",
    "comb_no",
    "durg_trac_info",
    "hosp_appr_flag",
)
"""Fields of a line that nothing is computed from; they are kept with the line and come back in 5204."""
NO_APPROVAL = "0"
MAX_ID = 2**63 - 1


def line_inputs(rows: Sequence[dict[str, Any]]) -> tuple[LineInput, ...]:
    """The checked rows as settlement's lines.

    Raises:
        Rejection: EXCH-033 init_feedetl_sn is not a number.
    """
    details = [name for name in DETAILS if rows and name in rows[0]]  # every row has all fields of its node
    return tuple([_line(row, details) for row in rows])


def _line(row: dict[str, Any], details: Sequence[str]) -> LineInput:
    original = row.get("init_feedetl_sn")
    return LineInput(
        line_no=row["feedetl_sn"],
        item_code=row["med_list_codg"],
        local_code=row["medins_list_codg"],
        occurred_at=row["fee_ocur_time"],
        quantity=row["cnt"],
        unit_price=row["pric"],
        amount=row["det_item_fee_sumamt"],
        approval_flag=row.get("hosp_appr_flag") or NO_APPROVAL,
        batch=row.get("chrg_bchno") or "",
        original_line_no=None if original is None else number_of(original, "init_feedetl_sn"),
        details={name: value for name in details if (value := row[name]) is not None},
    )


def number_of(value: str, name: str) -> int:
    """A number that the centre or the institution gave out, from its decimal text.

    Raises:
        Rejection: EXCH-033 not such a number.
    """
    if not value.isascii() or not value.isdigit() or int(value) > MAX_ID:
        raise rejections.WRONG_ID(name=name, value=value[:30], field=name)
    return int(value)


def visit_of(rows: Iterable[dict[str, Any]]) -> tuple[int, str]:
    """The visit and person that all lines of an upload belong to: (encounter id, person number).

    Raises:
        Rejection: EXCH-032 they belong to several visits or to none.
    """
    visits = {(row["mdtrt_id"], row["psn_no"]) for row in rows}
    if len(visits) != 1:
        raise rejections.MIXED_VISITS(count=len(visits))
    visit, person_number = visits.pop()
    return number_of(visit, "mdtrt_id"), person_number
