"""Sign-in, persons, institutions, code tables, entitlement: 9001, 9002, 1101, 1201, 1901, 2001."""

from __future__ import annotations

from datetime import date
from typing import Any

from tongchou.accounts import api as accounts
from tongchou.exchange import rejections, tables
from tongchou.exchange.answers import flag, person_row
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.envelope import Message
from tongchou.exchange.handlers.persons import check_identity, person_of_card
from tongchou.exchange.kinds import Query, Transaction, Write
from tongchou.exchange.shapes import day, moment, node, nodes, yuan
from tongchou.providers import api as providers
from tongchou.registry import api as registry
from tongchou.settlement import api as settlement

INVALID, VALID = "0", "1"
NO_PARENT = "0"
"""parentValue of a code that stands under no other."""
MADE_BY, EDITION_DAY = "system", "2024-10-14"
"""Who made the code sets (1901), and the day of the edition of the interface that they are taken from."""
BASE_FUND_CHECK = "01"
"""trt_chk_type 基金项检查."""
STOPPED = "2"
"""psn_insu_stas of an enrolment that is not in force."""


def today(message: Message) -> date:
    """The day of a message in the centre's time zone."""
    return message.received_at.astimezone(TIME_ZONE).date()


def sign_in(message: Message, _: bytes | None) -> tuple[object, int]:
    """9001: the operator signs in; the number given out may be sent along afterwards, it is not demanded."""
    data = message.nodes["signIn"]
    number = providers.sign_in(
        institution_code=message.institution_code,
        operator_no=data["opter_no"],
        mac=data["mac"],
        ip=data["ip"],
        now=message.received_at,
    )
    row = {"sign_time": moment(message.received_at), "sign_no": number}
    return {"signinoutb": node("9001", "signinoutb", row)}, 0


def sign_out(message: Message, _: bytes | None) -> tuple[object, int]:
    """9002. Clients read the time in three places (interface section 1.5), so it is sent in all of them."""
    signed_out_at = providers.sign_out(
        number=message.nodes["signOut"]["sign_no"],
        institution_code=message.institution_code,
        now=message.received_at,
    )
    sign_time = moment(signed_out_at)
    return {"sign_time": sign_time, "signoutoutb": {"sign_time": sign_time}}, 0


def person(message: Message) -> object:
    """1101: who holds a certificate, and how that person takes part."""
    data = message.nodes["data"]
    found = person_of_card(data)
    check_identity(found, data)
    on = data["begntime"].date() if data["begntime"] else today(message)
    enrolments = registry.enrolments_of(person_id=found.id)
    return {
        "baseinfo": node("1101", "baseinfo", person_row(found, on)),
        "insuinfo": nodes("1101", "insuinfo", [_enrolment_row(each, on) for each in enrolments]),
        "idetinfo": nodes(
            "1101",
            "idetinfo",
            [
                {
                    "psn_idet_type": each.kind,
                    "psn_type_lv": each.level,
                    "memo": each.memo,
                    "begntime": f"{day(each.period.start)} 00:00:00",
                    "endtime": f"{day(each.period.end)} 00:00:00" if each.period.end else "",
                }
                for each in registry.identities_of(person_id=found.id, on=on)
            ],
        ),
    }


def _enrolment_row(enrolment: registry.EnrolmentView, on: date) -> dict[str, Any]:
    account = accounts.account_of(person_id=enrolment.person_id, scheme=enrolment.scheme)
    in_force = on in enrolment.period
    return {
        "balc": yuan(account.balance if account else 0),
        "insutype": enrolment.scheme,
        "psn_type": enrolment.person_type,
        "psn_insu_stas": enrolment.status if in_force else STOPPED,
        "psn_insu_date": day(enrolment.period.start),
        "paus_insu_date": day(enrolment.period.end),
        "cvlserv_flag": flag(enrolment.civil_servant),
        "insuplc_admdvs": enrolment.pooling_area,
        "emp_name": enrolment.employer_name or "",
    }


def institution(message: Message) -> object:
    """1201: institutions by number, or by type and part of the name. Clients expect an array."""
    data = message.nodes["medinsinfo"]
    on = today(message)
    if data["fixmedins_code"]:
        found = [providers.describe(code=data["fixmedins_code"], on=on)]
    else:
        name = data["fixmedins_name"] or ""
        kind = data["fixmedins_type"]
        found = [view for view in providers.institutions(on=on) if view.kind == kind and name in view.name]
    return {
        "medinsinfo": nodes(
            "1201",
            "medinsinfo",
            [
                {
                    "fixmedins_code": view.code,
                    "fixmedins_name": view.name,
                    "uscc": view.credit_code,
                    "fixmedins_type": view.kind,
                    "hosp_lv": view.grade,
                }
                for view in found
            ],
        )
    }


def code_table(message: Message) -> object:
    """1901: a code set. Some clients read camelCase, others snake_case (interface section 1.5): both are sent.

    All codes are top-level and in force; asked for invalid ones, there are none.
    """
    data = message.nodes["data"]
    name = data["type"]
    codes = tables.code_sets().get(name)
    if codes is None:
        raise rejections.WRONG_CODE(
            where="", name="type", caption="字典类型", value=name, code_set="1901", field="type"
        )
    if data["vali_flag"] == INVALID or data["parent_value"] not in (None, NO_PARENT):
        codes = ()
    camel = {"parentValue": NO_PARENT, "valiFlag": VALID, "createUser": MADE_BY, "createDate": EDITION_DAY}
    snake = {"parent_value": NO_PARENT, "vali_flag": VALID, "create_user": MADE_BY, "create_date": EDITION_DAY}
    rows = [
        {"type": name, "label": code.label, "value": code.value, "sort": order, "version": 1, **camel, **snake}
        for order, code in enumerate(codes, 1)
    ]
    return {"list": rows}


def entitlement(message: Message) -> object:
    """2001: which funds a person enjoys for a kind of visit on a day, and if not, why."""
    data = message.nodes["data"]
    if data["fixmedins_code"] != message.institution_code:
        raise rejections.OTHER_INSTITUTION(inner=data["fixmedins_code"], outer=message.institution_code)
    rows = settlement.check_entitlement(
        institution_code=message.institution_code,
        person_number=data["psn_no"],
        scheme=data["insutype"],
        med_type=data["med_type"],
        begin_at=data["begntime"],
    )
    return {
        "trtinfo": nodes(
            "2001",
            "trtinfo",
            [
                {
                    "psn_no": data["psn_no"],
                    "trt_chk_type": BASE_FUND_CHECK,
                    "fund_pay_type": row.fund,
                    "trt_enjymnt_flag": flag(row.enjoyed),
                    "begndate": day(row.begin),
                    "enddate": day(row.end),
                    "trt_chk_rslt": row.note,
                }
                for row in rows
            ],
        )
    }


TRANSACTIONS: dict[str, Transaction] = {
    "9001": Write(sign_in),
    "9002": Write(sign_out),
    "1101": Query(person),
    "1201": Query(institution),
    "1901": Query(code_table),
    "2001": Query(entitlement),
}
