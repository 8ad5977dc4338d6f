"""Signing in: the password, the lock-out after failures, the post of the session, the lock of an idle session."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.utils import timezone

from tongchou.control import rejections
from tongchou.control.authority import authority_of
from tongchou.control.core.permissions import GrantView
from tongchou.control.models import Grant, Operator, Post, SignInAttempt, WorkSession
from tongchou.control.services.parameters import integer_of
from tongchou.kernel.areas import prefix_of

FAILURES_ANYWHERE = 20
"""Failures of one login name from all addresses together, for guessing that is spread over many machines."""
UNLOCKS_ALLOWED = 5
_SEEN_EVERY = timedelta(seconds=20)


def failures_allowed(now: datetime) -> int:
    """So many failures, then signing in pauses (parameter ``sign_in.failures``)."""
    return integer_of(code="sign_in.failures", on=timezone.localdate(now))


def pause(now: datetime) -> timedelta:
    """How long signing in pauses, and how far back failures count (parameter ``sign_in.lock_minutes``)."""
    return timedelta(minutes=integer_of(code="sign_in.lock_minutes", on=timezone.localdate(now)))


def idle_time(now: datetime) -> timedelta:
    """After so long without a page asked for by hand, a session locks (parameter ``session.idle_minutes``)."""
    return timedelta(minutes=integer_of(code="session.idle_minutes", on=timezone.localdate(now)))


def sign_in(*, login: str, password: str, address: str, now: datetime) -> Operator:
    """Check who is at the door. Failures are counted per login name and address, and per name, within the pause's time.

    An unknown name takes as long and is answered the same as a wrong password, so that names can't be found out.

    Raises:
        Rejection: CTRL-001 wrong name or password, CTRL-002 too many failures.
    """
    login = login[:30]
    allowed, window = failures_allowed(now), pause(now)
    failures = refuse_locked_out(login=login, address=address, now=now)
    operator = authenticate(None, username=login, password=password)
    known = isinstance(operator, Operator) and not operator.has_left(timezone.localdate(now))
    SignInAttempt.objects.create(
        login=login, address=address, succeeded=known, tried_at=now, outcome="登录" if known else "密码错误或账号不可用"
    )
    if not isinstance(operator, Operator) or not known:
        left = allowed - failures - 1
        if left <= 0:
            raise rejections.LOCKED_OUT(limit=allowed, minutes=int(window.total_seconds()) // 60)
        raise rejections.SIGN_IN_REFUSED(left=left)
    return operator


def refuse_locked_out(*, login: str, address: str, now: datetime) -> int:
    """Refuse a name that had too many failures; else gives how many of this name and address count.

    Raises:
        Rejection: CTRL-002 too many failures.
    """
    allowed, window = failures_allowed(now), pause(now)
    failures = _failures(login, address, now - window)[:allowed]
    if len(failures) >= allowed or _failures_anywhere(login, now - window) >= FAILURES_ANYWHERE:
        since = failures[-1] if failures else now
        waiting = max(since + window - now, timedelta(minutes=1))
        raise rejections.LOCKED_OUT(limit=allowed, minutes=-(-int(waiting.total_seconds()) // 60))
    return len(failures)


def note_attempt(*, login: str, address: str, succeeded: bool, outcome: str, now: datetime) -> None:
    """Enter a later step of a sign-in (second factor, unlocking) in the log; a failure counts for the lock-out."""
    SignInAttempt.objects.create(
        login=login[:30], address=address, succeeded=succeeded, tried_at=now, outcome=outcome[:60]
    )


def posts_to_choose(*, operator: Operator, now: datetime) -> tuple[GrantView, ...]:
    """The grants in force among which the operator chooses at sign-in."""
    return authority_of(operator=operator, on=timezone.localdate(now)).in_force


def begin_session(
    *,
    operator: Operator,
    grant_id: int | None,
    address: str,
    agent: str,
    now: datetime,
    factor_shown: bool = False,
    identity_id: int | None = None,
    provider_session: str = "",
) -> tuple[str, WorkSession]:
    """Begin a session in one post. Returns the token that the browser's session keeps; here lies only its hash.

    Args:
        factor_shown: the identity provider says that a second factor was shown there.
        identity_id: the binding by which the operator came in, if by the identity provider; ``provider_session`` its session.

    Raises:
        Rejection: CTRL-009 no such grant in force, CTRL-013 the post needs a second factor first.
    """
    if grant_id is not None:
        choices = {grant.id: grant for grant in posts_to_choose(operator=operator, now=now)}
        if grant_id not in choices:
            raise rejections.GRANT_OVER()
        needed = Post.objects.filter(code=choices[grant_id].post, second_factor=True).exists()
        if needed and operator.factor_confirmed_at is None and not factor_shown:
            raise rejections.FACTOR_NEEDED(post=choices[grant_id].post_name)
    token = secrets.token_urlsafe(24)
    session = WorkSession.objects.create(
        key_hash=_hash(token),
        operator=operator,
        grant_id=grant_id,
        address=address,
        agent=agent[:200],
        identity_id=identity_id,
        provider_session=provider_session,
        started_at=now,
        seen_at=now,
    )
    return token, session


def session_of(*, token: str, operator: Operator) -> WorkSession | None:
    """The running session of a token, if it is this operator's."""
    return WorkSession.objects.filter(key_hash=_hash(token), operator=operator, ended_at=None).first()


def touch(*, session: WorkSession, now: datetime, by_hand: bool) -> bool:
    """Note activity; lock the session when it was idle too long. Returns whether it is locked.

    ``by_hand`` is false for what a page asks by itself (polling): that keeps no session awake.
    """
    if session.locked_at is not None:
        return True
    idle = now - session.seen_at
    if idle > timedelta(minutes=1) and idle > idle_time(now):  # no session idles out in a minute: spares the look
        lock(session=session, now=now)
        return True
    if by_hand and now - session.seen_at > _SEEN_EVERY:
        session.seen_at = now
        WorkSession.objects.filter(pk=session.pk).update(seen_at=now)
    return False


def lock(*, session: WorkSession, now: datetime) -> None:
    """Lock a session, by hand or because it was idle; what is on the screen stays there."""
    session.locked_at = now
    WorkSession.objects.filter(pk=session.pk, locked_at=None).update(locked_at=now)


def unlock_session(*, session: WorkSession, operator: Operator, password: str, now: datetime) -> None:
    """Open a locked session with the password; after too many failures it ends.

    Raises:
        Rejection: CTRL-017 wrong password; CTRL-002 too often, the session has ended.
    """
    if check_password(password, operator.password):
        session.locked_at, session.unlock_failures, session.seen_at = None, 0, now
        session.save(update_fields=["locked_at", "unlock_failures", "seen_at"])
        return
    session.unlock_failures += 1
    note_attempt(login=operator.login, address=session.address, succeeded=False, outcome="解锁密码错误", now=now)
    if session.unlock_failures >= UNLOCKS_ALLOWED:
        end_session(session=session, by="解锁失败次数过多", now=now)
        raise rejections.LOCKED_OUT(limit=UNLOCKS_ALLOWED, minutes=int(pause(now).total_seconds()) // 60)
    session.save(update_fields=["unlock_failures"])
    raise rejections.UNLOCK_REFUSED(left=UNLOCKS_ALLOWED - session.unlock_failures)


def unlock_by_identity(*, session: WorkSession, now: datetime) -> None:
    """Open a locked session after the identity provider has asked its operator anew."""
    session.locked_at, session.unlock_failures, session.seen_at = None, 0, now
    session.save(update_fields=["locked_at", "unlock_failures", "seen_at"])


def end_session(*, session: WorkSession, by: str, now: datetime) -> None:
    """End a session: signed out, or sent out by who watches over the sessions."""
    session.ended_at, session.ended_by = now, by[:60]
    session.save(update_fields=["ended_at", "ended_by", "unlock_failures"])


def online(*, now: datetime, area: str = "") -> list[WorkSession]:
    """Sessions that run and were active in the last two hours, the latest first (在线用户); with an area, those at work there."""
    running = WorkSession.objects.filter(ended_at=None, seen_at__gt=now - timedelta(hours=2))
    if area:
        running = running.filter(grant__area__startswith=prefix_of(area))
    return list(running.select_related("operator", "grant__post").order_by("-seen_at")[:200])


def grant_of(session: WorkSession) -> Grant | None:
    """The grant that a session works under."""
    return session.grant


def _failures(login: str, address: str, start: datetime) -> list[datetime]:
    """Times of the failures that count, newest first: after ``start``, the last success and the last unlocking."""
    recent = SignInAttempt.objects.filter(login=login, address=address, tried_at__gt=start)
    times = [recent.filter(succeeded=True).order_by("-tried_at").values_list("tried_at", flat=True).first()]
    times.append(Operator.objects.filter(login=login).values_list("unlocked_at", flat=True).first())
    after = max((each for each in times if each is not None), default=start)
    failed = recent.filter(succeeded=False, tried_at__gt=after).order_by("-tried_at")
    return list(failed.values_list("tried_at", flat=True)[:FAILURES_ANYWHERE])


def _failures_anywhere(login: str, start: datetime) -> int:
    unlocked = Operator.objects.filter(login=login).values_list("unlocked_at", flat=True).first()
    after = max(start, unlocked) if unlocked else start
    return SignInAttempt.objects.filter(login=login, succeeded=False, tried_at__gt=after).count()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
