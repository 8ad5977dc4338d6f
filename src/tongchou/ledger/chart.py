"""The chart of accounts of a pooling area, as data.

Names and classes follow 社会保险基金会计制度 (财会〔2017〕28号); 2101, 2102 and 2201 detail what is decided and not yet paid, and 90xx
are memo accounts that let the ledger carry the whole bill. Sub-accounts per fund are ``<code>.<fund>`` with the national
fund_pay_type as fund.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongchou.kernel.funds import ACCOUNT_FUNDS, FUNDS

RESERVE_FUND: Final = "630001"
"""风险调剂金: a fund of the area, not a fund_pay_type."""


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One account to create; ``parent`` is the code of the account above, or empty."""

    code: str
    name: str
    nature: str
    party: str = "none"
    parent: str = ""
    fund: str = ""


_TOP: Final = (
    ("1001", "库存现金", "asset"),
    ("1002", "收入户存款", "asset"),
    ("1003", "财政专户存款", "asset"),
    ("1004", "支出户存款", "asset"),
    ("1005", "国库存款", "asset"),
    ("1101", "暂付款", "asset"),
    ("1201", "债券投资", "asset"),
    ("2001", "暂收款", "liability"),
    ("2002", "借入款项", "liability"),
    ("2101", "应付定点机构", "liability"),
    ("2102", "应付参保人员", "liability"),
    ("2201", "个人账户", "liability"),
    ("3001", "基金结余", "balance"),
    ("4001", "社会保险费收入", "income"),
    ("4002", "财政补贴收入", "income"),
    ("4101", "利息收入", "income"),
    ("4201", "转移收入", "income"),
    ("4301", "上级补助收入", "income"),
    ("4302", "下级上解收入", "income"),
    ("4401", "其他收入", "income"),
    ("5001", "社会保险待遇支出", "expense"),
    ("5101", "转移支出", "expense"),
    ("5201", "补助下级支出", "expense"),
    ("5202", "上解上级支出", "expense"),
    ("5301", "其他支出", "expense"),
    ("9001", "个人现金支付备查", "memo"),
    ("9002", "机构已收现金备查", "memo"),
    ("9003", "个人补退现金备查", "memo"),
)
_PER_FUND: Final = {
    "2101": "institution", "2102": "person", "3001": "none", "4001": "none", "4002": "none", "5001": "none",
}  # fmt: skip
_PARTY: Final = {"2101": "institution", "2102": "person", "2201": "person", "9002": "institution", "9003": "person"}


def chart() -> tuple[ChartRow, ...]:
    """All accounts of an area, parents before children."""
    tops = [ChartRow(code, name, nature, _PARTY.get(code, "none")) for code, name, nature in _TOP]
    natures = {code: (name, nature) for code, name, nature in _TOP}
    subs = [
        ChartRow(f"{code}.{fund}", f"{natures[code][0]}·{fund_name}", natures[code][1], party, code, fund)
        for code, party in _PER_FUND.items()
        for fund, fund_name in FUNDS.items()
        if not (code == "5001" and fund in ACCOUNT_FUNDS)
    ]
    reserve = ChartRow(f"3001.{RESERVE_FUND}", "基金结余·风险调剂金", "balance", "none", "3001", RESERVE_FUND)
    return (*tops, *subs, reserve)
