"""Which amount field of an answer a fund's payment belongs to (interface section 6, amount identities).

fund_pay_sumamt = hifp_pay + cvlserv_pay + hifes_pay + hifmi_pay + hifob_pay + maf_pay + oth_pay: every fund is in exactly one
of them. The personal account (310200) is no fund payment; it is acct_pay. hifdm_pay is always 0 here: what the
disabled-veterans fund pays is inside oth_pay, never counted twice.
"""

from __future__ import annotations

FIELD_OF_FUND = {
    "310100": "hifp_pay",
    "310101": "hifp_pay",
    "310102": "hifp_pay",
    "390100": "hifp_pay",
    "390101": "hifp_pay",
    "390102": "hifp_pay",
    "320100": "cvlserv_pay",
    "320200": "cvlserv_pay",
    "370100": "hifes_pay",
    "370200": "hifes_pay",
    "390200": "hifmi_pay",
    "390300": "hifmi_pay",
    "310300": "hifob_pay",
    "330100": "hifob_pay",
    "610100": "maf_pay",
}
OTHER = "oth_pay"
FUND_FIELDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", OTHER)


def field_of(fund: str) -> str:
    """The amount field of a fund (fund_pay_type); funds without a field of their own are 其他支出."""
    return FIELD_OF_FUND.get(fund, OTHER)
