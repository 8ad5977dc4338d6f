"""Use cases of the providers room: operators sign in and out at the gateway."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tongchou.providers import queries, rejections
from tongchou.providers.models import OperatorSession

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
