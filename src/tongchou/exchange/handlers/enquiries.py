"""What institutions ask about their own business: 5201 visits, 5203 a settlement, 5204 its lines, 5206 counters."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from tongchou.catalogues import api as catalogues
from tongchou.exchange import rejections
from tongchou.exchange.answers import flag, settlement_output, stored_lines
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.envelope import Message
from tongchou.exchange.handlers.lines import number_of
from tongchou.exchange.kinds import Query, Transaction
from tongchou.exchange.shapes import day, moment, nodes, yuan
from tongchou.kernel.period import age_on, first_of_next_month
from tongchou.providers import api as providers
from tongchou.registry import api as registry
from tongchou.settlement import api as settlement

HOSPITAL = "1"
"""fixedmins_type of a hospital."""
RATED = ("1", "2", "3")
"""lmtpric_hosp_lv: level one and below, two, three."""
DEDUCTIBLE_LEVEL = {"4": "1", "5": "9"}
"""dedc_hosp_lv of community centres (一级及以下) and of hospitals without a level (未定级); the others have their own code."""
OWN_PREPARATION = "103"
"""list_type 自制剂."""
NO_DOSAGE_FORM = "无"
IN_HOSPITAL, NOT_IN_HOSPITAL = "1", "0"
DAY_ENDS = timedelta(days=1) - timedelta(seconds=1)
COUNTS = frozenset({"admissions", "visits"})
FEES = frozenset({"inpatient_cost", "outpatient_cost", "in_scope"})


def visits(message: Message) -> object:
    """5201: the person's visits at this institution that began in a range; a range given as dates includes its last day.

    Raises:
        Rejection: SETL-061 the range ends before it begins.
    """
    data = message.nodes["data"]
    end = data["endtime"]
    midnight = not (end.hour or end.minute or end.second)
    found = settlement.query_encounters(
        person_number=data["psn_no"],
        begin=data["begntime"],
        end=end + DAY_ENDS if midnight else end,
        med_type=data["med_type"],
        encounter_id=number_of(data["mdtrt_id"], "mdtrt_id") if data["mdtrt_id"] else None,
        institution_code=message.institution_code,
    )
    return {"mdtrtinfo": nodes("5201", "mdtrtinfo", [_visit_row(view) for view in found])}


def _visit_row(view: settlement.EncounterView) -> dict[str, Any]:
    begin = view.begin_at.astimezone(TIME_ZONE).date()
    stay = (med_type := settlement.MED_TYPES.get(view.med_type)) is not None and med_type.stay
    end = view.end_at.astimezone(TIME_ZONE).date() if view.end_at else None
    enrolment = _enrolment(view, begin)
    return {
        **{name: str(value) for name, value in view.details.items() if not isinstance(value, dict | list)},
        "mdtrt_id": str(view.id),
        "psn_no": view.person_number,
        "psn_name": view.person_name,
        "psn_cert_type": view.cert_type,
        "certno": view.cert_no,
        "gend": view.sex,
        "naty": view.ethnicity,
        "brdy": day(view.birth_date),
        "age": age_on(view.birth_date, begin),
        "insutype": view.scheme,
        "psn_type": enrolment.person_type if enrolment else "",
        "cvlserv_flag": flag(enrolment is not None and enrolment.civil_servant),
        "flxempe_flag": flag(enrolment is not None and enrolment.flexible),
        "emp_name": enrolment.employer_name if enrolment else "",
        "insu_optins": view.area,
        "begntime": moment(view.begin_at),
        "endtime": moment(view.end_at),
        "med_type": view.med_type or settlement.DEFAULT_MED_TYPE,
        "ars_year_ipt_flag": flag(end is not None and end.year != begin.year),
        "ipt_otp_no": view.visit_no,
        "chfpdr_name": view.doctor,
        "adm_dept_name": view.department,
        "dscg_maindiag_code": view.diagnosis_code,
        "dscg_maindiag_name": view.diagnosis_name,
        "otp_diag_info": "" if stay else view.diagnosis_name,
        "dise_codg": view.disease_code,
        "dise_name": view.disease_name,
        "inhosp_stas": IN_HOSPITAL if stay and end is None else NOT_IN_HOSPITAL,
        "ipt_days": (end - begin).days if stay and end else 0,
    }


def _enrolment(view: settlement.EncounterView, on: date) -> registry.EnrolmentView | None:
    person = registry.person_by_number(number=view.person_number)
    enrolments = registry.enrolments_of(person_id=person.id, on=on)
    return next((each for each in enrolments if each.scheme == view.scheme), None)


def settled(message: Message) -> object:
    """5203: a settlement of this institution."""
    view = _own_settlement(message, with_lines=False)
    institution = providers.describe(code=view.institution_code, on=view.business_date)
    enrolment = view.person.enrolment
    return settlement_output(
        "5203",
        view,
        hosp_lv=institution.grade,
        **_levels(institution),
        flxempe_flag=flag(enrolment is not None and enrolment.flexible),
        emp_name=(enrolment.employer_name if enrolment else "") or "",
        insu_optins=view.area,
        opt_time=moment(view.settled_at),
    )


def _levels(institution: providers.ProviderView) -> dict[str, str]:
    """The level that limits prices and the one of the deductible; a pharmacy has neither."""
    if institution.kind != HOSPITAL:
        return {}
    limit = institution.level if institution.level in RATED else RATED[0]
    return {"lmtpric_hosp_lv": limit, "dedc_hosp_lv": DEDUCTIBLE_LEVEL.get(institution.level, institution.level)}


def fee_lines(message: Message) -> object:
    """5204: the lines of a settlement. The output is the array itself (interface section 1.5).

    A revocation shows the lines of what it revokes with negative quantities and amounts, so that they add up to it.
    """
    view = _own_settlement(message, with_lines=True)
    shared = {"mdtrt_id": str(view.encounter_id), "setl_id": str(view.id), "med_type": view.med_type}
    institution = providers.describe(code=view.institution_code, on=view.business_date)
    terms = settlement.terms_of_lines(lines=view.lines, scheme=view.scheme, level=institution.level)
    return stored_lines(
        (_signed(line, view.direction), {**_details(line), **_catalogue(line, terms.get(line.line_no)), **shared})
        for line in view.lines
    )


def _signed(line: settlement.LineSplitView, sign: int) -> settlement.LineSplitView:
    if sign > 0:
        return line
    names = ("quantity", "amount", "out_of_scope", "over_limit", "prior_self_pay", "in_scope")
    return msgspec.structs.replace(line, **{name: -getattr(line, name) for name in names})


def _catalogue(line: settlement.LineSplitView, term: catalogues.TermView | None) -> dict[str, str]:
    """What the catalogue said of a line's item on its day; a service has no dosage form."""
    if term is None:  # taken out of the catalogue since
        return {"hilist_code": line.item_code, "dosform_name": NO_DOSAGE_FORM}
    return {
        "hilist_code": term.list_code,
        "list_type": term.list_type,
        "spec": term.spec,
        "dosform_name": term.dosage_form or NO_DOSAGE_FORM,
        "lmt_used_flag": flag(term.restricted),
        "hosp_prep_flag": flag(term.list_type == OWN_PREPARATION),
    }


def _details(line: settlement.LineSplitView) -> dict[str, str]:
    kept = {name: value for name, value in (line.details or {}).items() if isinstance(value, str)}
    return {**kept, "rx_drord_no": kept.get("rxno") or kept.get("drord_no") or ""}


def _own_settlement(message: Message, *, with_lines: bool) -> settlement.SettlementView:
    """The settlement that a 5203 or 5204 names; one of another institution, person or visit is unknown to the asker.

    Raises:
        Rejection: EXCH-033.
    """
    data = message.nodes["data"]
    view = settlement.told_view(number_of(data["setl_id"], "setl_id"), with_lines=with_lines)
    own = (view.institution_code, view.person.number, str(view.encounter_id))
    if own != (message.institution_code, data["psn_no"], data["mdtrt_id"]):
        raise rejections.WRONG_ID(name="setl_id", value=data["setl_id"], field="setl_id")
    return view


def counters(message: Message) -> object:
    """5206: the person's counters by year, under the national codes (interface section 4, values found elsewhere).

    With cum_ym they are those of that year as they stood at the end of that month.

    Raises:
        Rejection: EXCH-017 cum_ym is no month.
    """
    data = message.nodes["data"]
    month = _month(data["cum_ym"]) if data["cum_ym"] else None
    until = datetime.combine(first_of_next_month(month), time.min, TIME_ZONE) if month else None
    sums: dict[tuple[str, str, str], int] = {}
    for view in settlement.accumulators_of(person_number=data["psn_no"], until=until):
        if not view.period.isdigit() or (month and view.period != str(month.year)):
            continue
        for name, value in view.values.items():
            code = counter_code(name)
            if code:
                key = (view.scheme, view.period, code)
                sums[key] = sums.get(key, 0) + value
    today = message.received_at.astimezone(TIME_ZONE).date()
    rows = [
        {
            "insutype": scheme,
            "year": year,
            "cum_ym": f"{month or _last_month(year, today):%Y%m}",
            "cum_type_code": code,
            "cum": yuan(value * 100 if code.startswith("C") else value),
        }
        for (scheme, year, code), value in sorted(sums.items())
    ]
    return {"cuminfo": nodes("5206", "cuminfo", rows)}


def _month(text: str) -> date:
    """The first day of a month given as yyyyMM."""
    try:
        if len(text) != len("yyyyMM") or not text.isdigit():
            raise ValueError
        return date(int(text[:4]), int(text[4:]), 1)
    except ValueError:
        raise rejections.WRONG_DATE(
            where="data ", name="cum_ym", caption="累计年月", expected="年月(yyyyMM)", value=text, field="cum_ym"
        ) from None


def _last_month(year: str, today: date) -> date:
    """The month up to which a year's counters reach now."""
    return min(date(int(year), 12, 1), today.replace(day=1))


def counter_code(name: str) -> str:
    """The national code of a policy's counter (``year.pool_paid:390100`` → D390101), empty where there is none.

    C0000 admissions and visits, S0000 fees, Q0000 deductible carried, D and the fund with last digit 1 what a fund paid.
    """
    title, _, fund = name.partition("/")[0].partition(":")  # 每级医院各一个的，合成一个代码
    short = title.rpartition(".")[2]
    if short in COUNTS:
        return "C0000"
    if short in FEES:
        return "S0000"
    if short.endswith("deductible"):
        return "Q0000"
    return f"D{fund[:-1]}1" if short.endswith("paid") and fund else ""


TRANSACTIONS: dict[str, Transaction] = {
    "5201": Query(visits),
    "5203": Query(settled),
    "5204": Query(fee_lines),
    "5206": Query(counters),
}
