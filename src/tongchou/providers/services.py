"""Use cases of the providers room: operators sign in and out, institutions and their agreements."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from tongchou.kernel.identifiers import parse_credit_code, parse_institution_code
from tongchou.kernel.levels import LEVELS, PHARMACY_LEVEL
from tongchou.providers import queries, rejections
from tongchou.providers.models import Agreement, Institution, OperatorSession

PHARMACY = "2"
"""Kind of institution: 定点零售药店."""

SESSION_NUMBER_BYTES = 15
"""A sign-in number is 30 hexadecimal digits, as long as sign_no may be, and can't be guessed."""


@transaction.atomic
def sign_in(*, institution_code: str, operator_no: str, mac: str = "", ip: str = "", now: datetime) -> str:
    """Sign an institution's operator in (9001).

    Returns:
        The sign-in number (sign_no).

    Raises:
        Rejection: PROV-001 unknown institution, PROV-002 no agreement in force today.
    """
    today = timezone.localdate(now)
    view = queries.describe(code=institution_code, on=today)
    if view.agreement is None:
        raise rejections.NO_AGREEMENT(code=institution_code, name=view.name, day=today)
    number = secrets.token_hex(SESSION_NUMBER_BYTES)
    OperatorSession.objects.create(
        number=number,
        institution_code=institution_code,
        operator_no=operator_no[:20],
        mac=mac[:20],
        ip=ip[:45],
        signed_in_at=now,
    )
    return number


@transaction.atomic
def sign_out(*, number: str, institution_code: str, now: datetime) -> datetime:
    """End a sign-in (9002).

    Returns:
        The time of the sign-out.

    Raises:
        Rejection: PROV-005 no such sign-in of this institution, PROV-006 signed out before.
    """
    row = OperatorSession.objects.select_for_update().filter(number=number, institution_code=institution_code).first()
    if row is None:
        raise rejections.SESSION_UNKNOWN(number=number)
    if row.signed_out_at is not None:
        raise rejections.SESSION_ENDED(
            number=number, signed_out_at=f"{timezone.localtime(row.signed_out_at):%Y-%m-%d %H:%M:%S}"
        )
    row.signed_out_at = now
    row.save(update_fields=["signed_out_at"])
    return now


def register_institution(
    *,
    code: str,
    name: str,
    kind: str,
    level: str,
    area: str,
    grade: str = "",
    chinese_medicine: bool = False,
    credit_code: str = "",
    address: str = "",
    phone: str = "",
) -> int:
    """Enter a designated institution or pharmacy.

    Args:
        kind: 1 定点医疗机构, 2 定点零售药店.
        level: settlement level, a code of ``kernel.levels.LEVELS``; 9 for pharmacies and for them only.

    Returns:
        Its id.

    Raises:
        Rejection: PROV-007 code taken, PROV-010 code, credit code or level are wrong.
    """
    checked = check_institution(code=code, kind=kind, level=level, credit_code=credit_code)
    try:
        with transaction.atomic():
            return Institution.objects.create(
                code=checked,
                name=name,
                kind=kind,
                credit_code=credit_code,
                grade=grade,
                level=level,
                chinese_medicine=chinese_medicine,
                area=area,
                address=address,
                phone=phone,
            ).pk
    except IntegrityError as error:
        if "unique" not in str(error):
            raise
        raise rejections.INSTITUTION_EXISTS(code=checked) from error


def conclude_agreement(
    *, institution_code: str, number: str, med_types: Sequence[str], start: date, end: date | None
) -> int:
    """Enter a service agreement (定点服务协议).

    Args:
        med_types: medical categories (med_type) that it covers.
        end: first day no longer in force; ``None`` without end.

    Returns:
        Its id.

    Raises:
        Rejection: PROV-001 unknown institution, PROV-008 overlaps another agreement, PROV-009 number taken, PROV-010 dates.
    """
    if end is not None and end <= start:
        raise rejections.INVALID(problem=f"协议终止日期 {end} 应晚于开始日期 {start}")
    try:
        with transaction.atomic():
            institution = _institution(institution_code)
            return Agreement.objects.create(
                institution=institution, number=number, med_types=list(med_types), period=(start, end)
            ).pk
    except IntegrityError as error:
        if "agreement_no_overlap" in str(error):
            raise rejections.AGREEMENT_OVERLAPS(code=institution_code, start=start, end=end or "长期") from error
        if "number" in str(error):
            raise rejections.NUMBER_TAKEN(number=number) from error
        raise


@transaction.atomic
def suspend(*, number: str) -> None:
    """Suspend an agreement (暂停服务): from now on nothing is settled.

    Raises:
        Rejection: PROV-011 unknown agreement.
    """
    _set_suspended(number, suspended=True)


@transaction.atomic
def resume(*, number: str) -> None:
    """Lift a suspension.

    Raises:
        Rejection: PROV-011 unknown agreement.
    """
    _set_suspended(number, suspended=False)


@transaction.atomic
def terminate(*, number: str, on: date) -> None:
    """End an agreement (退出协议管理); ``on`` is the first day without it.

    Raises:
        Rejection: PROV-010 it would end on or before its first day, PROV-011 unknown agreement.
    """
    row = _agreement(number)
    if row.period.lower is not None and on <= row.period.lower:
        raise rejections.INVALID(problem=f"协议自 {row.period.lower} 起生效，不能在 {on} 终止")
    row.period = (row.period.lower, on)
    row.save(update_fields=["period"])


def _set_suspended(number: str, *, suspended: bool) -> None:
    row = _agreement(number)
    row.suspended = suspended
    row.save(update_fields=["suspended"])


def check_institution(*, code: str, kind: str, level: str, credit_code: str) -> str:
    """Check that code, kind, level and credit code go together; the code in its normal form.

    Raises:
        Rejection: PROV-010.
    """
    try:
        checked = parse_institution_code(code)
        if credit_code:
            parse_credit_code(credit_code)
    except ValueError as error:
        raise rejections.INVALID(problem=error) from error
    if level not in LEVELS:
        known = "、".join(f"{one} {word}" for one, word in LEVELS.items())
        raise rejections.INVALID(problem=f"没有结算等级 {level}，可用：{known}")
    if (kind == PHARMACY) != checked.startswith("P") or (level == PHARMACY_LEVEL) != checked.startswith("P"):
        raise rejections.INVALID(problem=f"编号 {checked} 与机构类型 {kind}、结算等级 {level} 不一致")
    return checked


def _institution(code: str) -> Institution:
    row = Institution.objects.filter(code=code).first()
    if row is None:
        raise rejections.UNKNOWN(code=code)
    return row


def _agreement(number: str) -> Agreement:
    row = Agreement.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise rejections.AGREEMENT_UNKNOWN(number=number)
    return row
