"""What a settlement looks like on the wire: the rows behind setlinfo, setldetail, detlcutinfo and result.

Each function returns all that any transaction may show; ``exchange.shapes`` picks the fields of the node at hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from tongchou.exchange import tables
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.funds import FUND_FIELDS, field_of
from tongchou.exchange.shapes import day, moment, node, nodes, scaled, yuan
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


def settlement_output(transaction: str, view: SettlementView, **extra: str) -> dict[str, Any]:
    """The nodes setlinfo, setldetail and, where the transaction has it, detlcutinfo.

    Args:
        extra: fields that only the request knows, such as mdtrt_cert_type.
    """
    output: dict[str, Any] = {}
    for table in tables.output_nodes(transaction):
        if table.name == "setlinfo":
            output["setlinfo"] = node(transaction, "setlinfo", {**settlement_row(view), **extra})
        elif table.name == "setldetail":
            output["setldetail"] = nodes(transaction, "setldetail", payment_rows(view))
        elif table.name == "detlcutinfo":
            output["detlcutinfo"] = nodes(transaction, "detlcutinfo", map(line_row, view.lines))
    return output


def settlement_row(view: SettlementView) -> dict[str, Any]:
    """All fields of a settlement. Amounts of a revocation are negative."""
    enrolment = view.person.enrolment
    return {
        **person_row(view.person, view.settled_at.astimezone(TIME_ZONE).date()),
        **_amounts(view),
        "setl_id": str(view.id),
        "mdtrt_id": str(view.encounter_id) if view.encounter_id else "",
        "insutype": view.scheme,
        "psn_type": view.person_type,
        "cvlserv_flag": flag(enrolment is not None and enrolment.civil_servant),
        "setl_time": moment(view.settled_at),
        "med_type": view.med_type,
        "medins_setl_id": view.message_id,
        "clr_optins": view.area,
        "insu_admdvs": view.area,
        "fixmedins_poolarea": view.area,
        "clr_way": view.clearing_way,
        "clr_type": view.clearing_type,
        "pay_loc": PAY_AT_INSTITUTION,
        "setl_type": SETTLED_ONLINE,
        "fixmedins_code": view.institution_code,
        "fixmedins_name": view.institution_name,
        "begndate": day(view.begin_at.astimezone(TIME_ZONE).date()),
        "enddate": day((view.end_at or view.settled_at).astimezone(TIME_ZONE).date()),
        "refd_setl_flag": flag(view.direction < 0),
        "year": view.benefit_year,
        "dise_codg": view.disease_code,
        "dise_name": view.disease_name,
        "invono": view.invoice_no,
    }


def _amounts(view: SettlementView) -> dict[str, Any]:
    funds = dict.fromkeys(FUND_FIELDS, 0)
    for payment in view.payments:
        funds[field_of(payment.fund)] += payment.amount
    burden = yuan(view.account_pay + view.cash_pay)
    return {
        **{name: yuan(amount) for name, amount in funds.items()},
        "medfee_sumamt": yuan(view.total),
        "fulamt_ownpay_amt": yuan(view.out_of_scope),
        "overlmt_selfpay": yuan(view.over_limit),
        "preselfpay_amt": yuan(view.prior_self_pay),
        "inscp_scp_amt": yuan(view.in_scope),
        "act_pay_dedc": yuan(view.deductible),
        "crt_dedc": yuan(view.deductible),
        "pool_prop_selfpay": scaled(view.pool_ratio, 4),
        "fund_pay_sumamt": yuan(view.fund_pay),
        "psn_part_amt": burden,
        "psn_pay": burden,
        "acct_pay": yuan(view.account_pay),
        "psn_cash_pay": yuan(view.cash_pay),
        "pdn_cash_pay": yuan(view.cash_pay),
        "cash_payamt": yuan(view.cash_pay),
        "balc": yuan(view.account_balance),
    }


def payment_rows(view: SettlementView) -> list[dict[str, Any]]:
    """One row per fund payment, in the order of the policy's layers."""
    names = tables.labels("fund_pay_type")
    return [
        {
            "fund_pay_type": payment.fund,
            "inscp_scp_amt": yuan(payment.base),
            "crt_payb_lmt_amt": yuan(payment.amount),
            "fund_payamt": yuan(payment.amount),
            "fund_pay_type_name": names.get(payment.fund, payment.layer),
            "setl_proc_info": f"{payment.layer}:计算基数 {yuan(payment.base)} 元,支付 {yuan(payment.amount)} 元",
        }
        for payment in view.payments
    ]


def line_row(line: LineSplitView) -> dict[str, Any]:
    """How the catalogue splits one fee line (detlcutinfo, result, 5204)."""
    return {
        "feedetl_sn": str(line.line_no),
        "det_item_fee_sumamt": yuan(line.amount),
        "cnt": scaled(line.quantity, 4),
        "pric": scaled(line.unit_price, 6),
        "pric_uplmt_amt": scaled(line.price_limit or 0, 6),
        "selfpay_prop": scaled(line.prior_self_pay_ratio, 4),
        "fulamt_ownpay_amt": yuan(line.out_of_scope),
        "overlmt_amt": yuan(line.over_limit),
        "preselfpay_amt": yuan(line.prior_self_pay),
        "inscp_scp_amt": yuan(line.in_scope),
        "chrgitm_lv": line.item_class,
        "med_chrgitm_type": line.charge_type,
        "bas_medn_flag": flag(line.basic_drug),
        "hi_nego_drug_flag": flag(line.negotiated),
        "chld_medc_flag": flag(line.children),
        "list_sp_item_flag": flag(line.special_service),
        "lmt_used_flag": flag(line.restricted),
        "drt_reim_flag": "0",
    }


def line_rows(lines: Iterable[LineSplitView]) -> list[dict[str, Any]]:
    """The rows of ``result`` (2204, 2301)."""
    return [line_row(line) for line in lines]


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
