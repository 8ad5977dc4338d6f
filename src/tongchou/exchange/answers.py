"""What a settlement looks like on the wire: setlinfo, setldetail, detlcutinfo, result and the rows of 5204.

The tables below say how each field is got; ``exchange.shapes`` makes functions of them that write the fields of a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tongchou.exchange import tables
from tongchou.exchange.funds import FUND_FIELDS, field_of
from tongchou.exchange.shapes import array, day, local_day, moment, scaled_text, writer, yuan_text
from tongchou.kernel.period import age_on

if TYPE_CHECKING:
    from tongchou.settlement.api import LineSplitView, SettlementView

PAY_AT_INSTITUTION = "2"
"""pay_loc: settled at the institution, not at the centre's counter."""
SETTLED_ONLINE = "2"
"""setl_type 联网结算."""


class Person(Protocol):
    """Who a person is; the register's view and a settlement's snapshot both say it."""

    @property
    def number(self) -> str: ...
    @property
    def cert_type(self) -> str: ...
    @property
    def cert_no(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sex(self) -> str: ...
    @property
    def ethnicity(self) -> str: ...
    @property
    def birth_date(self) -> date: ...


def settlement_output(transaction: str, view: SettlementView, **extra: str) -> dict[str, msgspec.Raw]:
    """The nodes setlinfo, setldetail and, where the transaction has it, detlcutinfo.

    Args:
        extra: fields that only the request knows, such as mdtrt_cert_type.
    """
    writers = _writers(transaction)
    head = writers["setlinfo"](view, _funds(view), view.person.enrolment, extra)
    output = {"setlinfo": msgspec.Raw(head.encode()), "setldetail": array(map(writers["setldetail"], view.payments))}
    if "detlcutinfo" in writers:
        output["detlcutinfo"] = array(map(writers["detlcutinfo"], view.lines))
    return output


def line_rows(transaction: str, lines: Iterable[LineSplitView]) -> msgspec.Raw:
    """The rows of ``result`` (2204, 2301)."""
    return array(map(_writers(transaction)["result"], lines))


def stored_lines(lines: Iterable[tuple[LineSplitView, dict[str, str]]]) -> msgspec.Raw:
    """The rows of 5204: each line and what was kept with it, by national names."""
    write = _writers("5204")[""]
    return array(write(line, kept) for line, kept in lines)


def _funds(view: SettlementView) -> dict[str, int]:
    funds = dict.fromkeys(FUND_FIELDS, 0)
    for payment in view.payments:
        funds[field_of(payment.fund)] += payment.amount
    return funds


_PERSON = {
    "psn_no": "view.person.number",
    "psn_name": "view.person.name",
    "psn_cert_type": "view.person.cert_type",
    "certno": "view.person.cert_no",
    "gend": "view.person.sex",
    "naty": "view.person.ethnicity",
    "brdy": "day(view.person.birth_date)",
    "age": "age_on(view.person.birth_date, local_day(view.settled_at))",
}
_AMOUNTS = {
    **{name: f"yuan(funds[{name!r}])" for name in FUND_FIELDS},
    "medfee_sumamt": "yuan(view.total)",
    "fulamt_ownpay_amt": "yuan(view.out_of_scope)",
    "overlmt_selfpay": "yuan(view.over_limit)",
    "preselfpay_amt": "yuan(view.prior_self_pay)",
    "inscp_scp_amt": "yuan(view.in_scope)",
    "act_pay_dedc": "yuan(view.deductible)",
    "crt_dedc": "yuan(view.deductible)",
    "pool_prop_selfpay": "scaled(view.pool_ratio, 4)",
    "fund_pay_sumamt": "yuan(view.fund_pay)",
    "psn_part_amt": "yuan(view.person_pay)",
    "psn_pay": "yuan(view.person_pay)",
    "acct_pay": "yuan(view.account_pay)",
    "acct_mulaid_pay": "yuan(view.family_pay)",
    "psn_cash_pay": "yuan(view.cash_pay)",
    "pdn_cash_pay": "yuan(view.cash_pay)",
    "cash_payamt": "yuan(view.cash_pay)",
    "balc": "yuan(view.account_balance)",
}
_SETTLEMENT = {
    **_PERSON,
    **_AMOUNTS,
    "setl_id": "str(view.id)",
    "mdtrt_id": "str(view.encounter_id or '')",
    "insutype": "view.scheme",
    "psn_type": "view.person_type",
    "cvlserv_flag": "flag(enrolment is not None and enrolment.civil_servant)",
    "setl_time": "moment(view.settled_at)",
    "med_type": "view.med_type",
    "medins_setl_id": "extra.get('medins_setl_id', view.message_id)",
    "clr_optins": "view.area",
    "insu_admdvs": "view.area",
    "fixmedins_poolarea": "view.area",
    "clr_way": "view.clearing_way",
    "clr_type": "view.clearing_type",
    "pay_loc": repr(PAY_AT_INSTITUTION),
    "setl_type": repr(SETTLED_ONLINE),
    "fixmedins_code": "view.institution_code",
    "fixmedins_name": "view.institution_name",
    "begndate": "day(local_day(view.begin_at))",
    "enddate": "day(local_day(view.end_at or view.settled_at))",
    "refd_setl_flag": "flag(view.direction < 0)",
    "year": "view.benefit_year",
    "dise_codg": "view.disease_code",
    "dise_name": "view.disease_name",
    "invono": "view.invoice_no",
    **{
        name: f"extra.get({name!r}, '')"
        for name in (
            "mdtrt_cert_type", "hosp_lv", "lmtpric_hosp_lv", "dedc_hosp_lv", "flxempe_flag", "emp_name", "insu_optins", "opt_time",
        )
    },
}  # fmt: skip
"""setlinfo: field → expression. Amounts of a revocation are negative."""
_PAYMENT = {
    "fund_pay_type": "payment.fund",
    "inscp_scp_amt": "yuan(payment.base)",
    "crt_payb_lmt_amt": "yuan(payment.amount)",
    "fund_payamt": "yuan(payment.amount)",
    "fund_pay_type_name": "fund_names.get(payment.fund, payment.fund)",
    "setl_proc_info": "f'{fund_names.get(payment.fund, payment.fund)}:计算基数 {yuan(payment.base)} 元,支付 {yuan(payment.amount)} 元'",
}
"""setldetail: one row per fund payment, in the order of the policy's layers."""
_LINE = {
    "feedetl_sn": "str(line.line_no)",
    "det_item_fee_sumamt": "yuan(line.amount)",
    "cnt": "scaled(line.quantity, 4)",
    "pric": "scaled(line.unit_price, 6)",
    "pric_uplmt_amt": "scaled(line.price_limit or 0, 6)",
    "selfpay_prop": "scaled(line.prior_self_pay_ratio, 4)",
    "fulamt_ownpay_amt": "yuan(line.out_of_scope)",
    "overlmt_amt": "yuan(line.over_limit)",
    "preselfpay_amt": "yuan(line.prior_self_pay)",
    "inscp_scp_amt": "yuan(line.in_scope)",
    "chrgitm_lv": "line.item_class",
    "med_chrgitm_type": "line.charge_type",
    "bas_medn_flag": "flag(line.basic_drug)",
    "hi_nego_drug_flag": "flag(line.negotiated)",
    "chld_medc_flag": "flag(line.children)",
    "list_sp_item_flag": "flag(line.special_service)",
    "lmt_used_flag": "flag(line.restricted)",
    "drt_reim_flag": "'0'",
}
"""How the catalogue splits one fee line (detlcutinfo, result, 5204)."""
_STORED_LINE = {
    "fee_ocur_time": "moment(line.occurred_at)",
    "hilist_code": "kept['hilist_code']",
    "lmt_used_flag": "kept.get('lmt_used_flag', '0')",
    "hilist_name": "line.name",
    "med_list_codg": "line.item_code",
    "medins_list_codg": "line.local_code",
    "medins_list_name": "line.name",
}


@cache
def _writers(transaction: str) -> dict[str, Callable[..., str]]:
    """The functions that write the nodes of a transaction's answer."""
    names = {
        "yuan": yuan_text, "scaled": scaled_text, "day": day, "moment": moment, "flag": flag, "age_on": age_on,
        "local_day": local_day, "fund_names": tables.labels("fund_pay_type"),
    }  # fmt: skip
    found = {}
    for table in tables.output_nodes(transaction):
        if table.name == "":  # 5204
            kept = {field.name: f"kept.get({field.name!r}, '')" for field in table.fields if field.kind == "text"}
            parameters, values = "line, kept", {**kept, **_LINE, **_STORED_LINE}
        else:
            parameters, values = {
                "setlinfo": ("view, funds, enrolment, extra", _SETTLEMENT),
                "setldetail": ("payment", _PAYMENT),
            }.get(table.name, ("line", _LINE))
        found[table.name] = writer(transaction, table.name, parameters, values, names)
    return found


def person_row(person: Person, on: date) -> dict[str, Any]:
    """Who the person is; the age is in completed years on the day, an integer on the wire."""
    return {
        "psn_no": person.number,
        "psn_name": person.name,
        "psn_cert_type": person.cert_type,
        "certno": person.cert_no,
        "gend": person.sex,
        "naty": person.ethnicity,
        "brdy": day(person.birth_date),
        "age": age_on(person.birth_date, on),
    }


def flag(value: bool) -> str:
    """A yes/no code: 1 or 0."""
    return "1" if value else "0"
