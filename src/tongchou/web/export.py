"""Which columns an export of settlements can have, and the file with the chosen ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tongchou.kernel.identifiers import mask_id_number, mask_name
from tongchou.web.excel import workbook_bytes, yuan_cell
from tongchou.web.names import name_of

COLUMNS: dict[str, str] = {
    "id": "结算编号",
    "settled_at": "结算时间",
    "business_date": "业务日期",
    "state": "状态",
    "person_number": "人员编号",
    "person_name": "姓名",
    "cert_no": "证件号码",
    "institution_code": "机构编号",
    "institution_name": "机构名称",
    "scheme": "险种",
    "person_type": "人员类别",
    "med_type": "医疗类别",
    "total": "医疗费总额",
    "in_scope": "符合范围",
    "deductible": "起付线",
    "fund_pay": "基金支付",
    "account_pay": "个人账户支付",
    "family_pay": "其中共济账户",
    "cash_pay": "个人现金支付",
    "invoice_no": "发票号",
    "message_id": "报文编号",
}
"""Column → head, in the order of the file."""

_MONEY = frozenset({"total", "in_scope", "deductible", "fund_pay", "account_pay", "family_pay", "cash_pay"})
_CODES = {"scheme": "scheme", "person_type": "person_type", "med_type": "med_type"}


def chosen(names: Sequence[str]) -> list[str]:
    """The wanted columns in the order of the file; all of them when none is wanted or known."""
    wanted = [name for name in COLUMNS if name in names]
    return wanted or list(COLUMNS)


def settlements_file(settlements: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """The Excel file. Names and certificate numbers are masked; amounts are yuan."""
    head = [f"{COLUMNS[name]}(元)" if name in _MONEY else COLUMNS[name] for name in columns]
    body = ([_value(settlement, name) for name in columns] for settlement in settlements)
    return workbook_bytes("结算清单", head, body)


def state_of(settlement: Mapping[str, Any]) -> str:
    """有效, 已撤销, or 撤销单 for the reversal itself."""
    if settlement["direction"] < 0:
        return "撤销单"
    return "已撤销" if settlement["revoked_by"] else "有效"


def _value(settlement: Mapping[str, Any], name: str) -> object:
    if name == "state":
        return state_of(settlement)
    value = settlement[name]
    if name in _MONEY:
        return yuan_cell(value)
    if name in _CODES:
        return name_of(_CODES[name], value)
    if name == "person_name":
        return mask_name(value)
    if name == "cert_no":
        return mask_id_number(value)
    return str(value) if name == "id" else value
