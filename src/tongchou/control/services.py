"""Use cases of control: sign-in with lock-out, making an operator."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import authenticate

from tongchou.control.models import Operator, PersonalDataAccess, SignInAttempt
from tongchou.control.rejections import LOCKED_OUT, SIGN_IN_REFUSED

FAILURES_ALLOWED = 5
WINDOW = timedelta(minutes=15)


def sign_in(*, login: str, password: str, address: str, now: datetime) -> Operator:
    """Check who is at the door. Failures are counted per login name and address, within the last 15 minutes.

    An unknown name takes as long and is answered the same as a wrong password, so that names can't be found out.

    Raises:
        Rejection: CTRL-001 wrong name or password, CTRL-002 too many failures.
    """
    recent = SignInAttempt.objects.filter(login=login[:30], address=address, tried_at__gt=now - WINDOW)
    last_success = recent.filter(succeeded=True).order_by("-tried_at").values_list("tried_at", flat=True).first()
    failures = list(
        recent.filter(succeeded=False, **({"tried_at__gt": last_success} if last_success else {}))
        .order_by("-tried_at")
        .values_list("tried_at", flat=True)[:FAILURES_ALLOWED]
    )
    if len(failures) >= FAILURES_ALLOWED:
        waiting = failures[-1] + WINDOW - now
        raise LOCKED_OUT(limit=FAILURES_ALLOWED, minutes=max(1, -(-int(waiting.total_seconds()) // 60)))
    operator = authenticate(None, username=login, password=password)
    SignInAttempt.objects.create(login=login[:30], address=address, succeeded=operator is not None, tried_at=now)
    if not isinstance(operator, Operator):
        left = FAILURES_ALLOWED - len(failures) - 1
        if left == 0:
            raise LOCKED_OUT(limit=FAILURES_ALLOWED, minutes=int(WINDOW.total_seconds()) // 60)
        raise SIGN_IN_REFUSED(left=left)
    return operator


def create_operator(*, login: str, password: str, name: str, organisation: str, area: str, post: str) -> Operator:
    """Make an operator, or give an existing one of that login name these data and this password.

    Raises:
        ValueError: no such post.
    """
    if post not in Operator.Post.values:
        raise ValueError(f"no such post: {post!r}")
    operator = Operator.objects.filter(login=login).first() or Operator(login=login)
    operator.name, operator.organisation, operator.area, operator.post = name, organisation, area, post
    operator.set_password(password)
    operator.save()
    return operator


def record_personal_access(*, operator: Operator, person_number: str, reason: str, address: str, now: datetime) -> None:
    """Keep who looks at whose full identity data and why, before it is shown.

    Raises:
        ValueError: no reason was given.
    """
    if not reason.strip():
        raise ValueError("a reason is needed")
    PersonalDataAccess.objects.create(
        operator=operator, person_number=person_number, reason=reason.strip()[:200], address=address, seen_at=now
    )
