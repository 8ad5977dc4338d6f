"""The funds that a settlement may be paid from (fund_pay_type of the national interface): those that every chart of accounts has."""

from __future__ import annotations

from typing import Final

FUNDS: Final[dict[str, str]] = {
    "310100": "职工基本医疗保险统筹基金",
    "310102": "职工门诊统筹基金",
    "310200": "职工基本医疗保险个人账户基金",
    "310300": "职工大病补助基金",
    "320100": "公务员医疗补助基金",
    "330100": "大额医疗费用补助基金",
    "340100": "离休人员医疗保障基金",
    "350100": "一至六级残疾军人医疗补助基金",
    "370100": "企业补充医疗保险基金",
    "390100": "城乡居民基本医疗保险基金",
    "390102": "居民门诊统筹基金",
    "390200": "城乡居民大病医疗保险基金",
    "390300": "城乡居民大病补充保险基金",
    "390400": "居民意外伤害基金",
    "390500": "居民家庭账户金",
    "510100": "生育基金",
    "610100": "医疗救助基金",
    "610200": "优抚对象医疗补助基金",
    "999997": "其他基金",
}
"""fund_pay_type → name."""

ACCOUNT_FUNDS: Final = frozenset({"310200", "390500"})
"""Funds that are the sum of personal accounts; a policy layer never pays from them."""
