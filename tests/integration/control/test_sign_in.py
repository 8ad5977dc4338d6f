"""Signing in: lock-out with a way back, second factor, sessions per post, the idle lock, passwords."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.integration.control.conftest import PASSWORD
from tongchou.control import vault
from tongchou.control.api import Operator, sign_in
from tongchou.control.core.passwords import one_time_code
from tongchou.control.models import Post, RecoveryCode, SignInAttempt
from tongchou.control.services import operators
from tongchou.control.services import sign_in as doors
from tongchou.kernel.rejection import Rejection

Staff = Callable[..., Operator]
HERE, ELSEWHERE = "10.0.0.8", "10.0.0.9"


def attempt(password: str, now: datetime, *, address: str = HERE, login: str = "clerk") -> str:
    try:
        sign_in(login=login, password=password, address=address, now=now)
    except Rejection as refused:
        return refused.code
    return "in"


@pytest.mark.requirement("R1.9.05")
def test_five_failures_lock_for_a_quarter_of_an_hour_and_an_unlocking_opens(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    answers = [attempt("wrong", now + timedelta(seconds=second)) for second in range(5)]
    assert answers == ["CTRL-001"] * 4 + ["CTRL-002"]
    assert attempt(PASSWORD, now + timedelta(minutes=1)) == "CTRL-002", "the right password does not open a locked door"
    assert attempt(PASSWORD, now + timedelta(minutes=1), address=ELSEWHERE) == "in"
    operators.unlock(operator=clerk, now=now + timedelta(minutes=2))
    assert attempt(PASSWORD, now + timedelta(minutes=2, seconds=1)) == "in"
    assert SignInAttempt.objects.filter(login="clerk", succeeded=False).count() == 5


def test_the_lock_ends_by_itself(staff: Staff, now: datetime) -> None:
    staff("clerk")
    for second in range(5):
        attempt("wrong", now + timedelta(seconds=second))
    assert attempt(PASSWORD, now + timedelta(minutes=16)) == "in"


def test_guessing_from_many_addresses_locks_too(staff: Staff, now: datetime) -> None:
    staff("clerk")
    for number in range(20):
        attempt("wrong", now, address=f"10.0.1.{number}")
    assert attempt(PASSWORD, now, address="10.0.2.1") == "CTRL-002"


def test_an_unknown_name_is_answered_like_a_wrong_password(staff: Staff, now: datetime) -> None:
    staff("clerk")
    with pytest.raises(Rejection) as known:
        sign_in(login="clerk", password="wrong", address=HERE, now=now)
    with pytest.raises(Rejection) as unknown:
        sign_in(login="nobody", password="wrong", address=HERE, now=now)
    assert (known.value.message, known.value.remedy) == (unknown.value.message, unknown.value.remedy)


def test_who_has_left_does_not_get_in(staff: Staff, now: datetime) -> None:
    operators.leave(operator=staff("clerk"), on=now.date(), reason="调离", now=now)
    assert attempt(PASSWORD, now) == "CTRL-001"


@pytest.mark.requirement("R1.9.04")
def test_a_new_password_keeps_the_rules_and_is_none_of_the_last(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    refused = []
    for new in ("short", PASSWORD):
        with pytest.raises(Rejection) as no:
            operators.change_password(operator=clerk, new=new, now=now)
        refused.append(no.value.code)
    assert refused == ["CTRL-010", "CTRL-011"]
    operators.change_password(operator=clerk, new="Fresh-dach-58", now=now)
    assert attempt("Fresh-dach-58", now) == "in"
    with pytest.raises(Rejection) as old:
        operators.change_password(operator=Operator.objects.get(pk=clerk.pk), new=PASSWORD, now=now)
    assert old.value.code == "CTRL-011"


def test_a_reset_password_must_be_changed(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    first = operators.reset_password(operator=clerk, by=staff("administrator"), now=now)
    assert attempt(first, now) == "in"
    assert operators.password_expired(operator=Operator.objects.get(pk=clerk.pk), now=now)
    assert not operators.password_expired(operator=staff("reviewer"), now=now)
    assert operators.password_expired(operator=staff("reviewer"), now=now + timedelta(days=91))


def code_at(operator: Operator, now: datetime) -> str:
    secret = bytes.fromhex(vault.decrypt(column=operators.FACTOR_COLUMN, data=bytes(operator.factor_cipher or b"")))
    return one_time_code(secret=secret, step=int(now.timestamp()) // 30)


def test_second_factor_codes_work_once_recovery_codes_too(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    operators.begin_factor(operator=clerk)
    with pytest.raises(Rejection):
        operators.confirm_factor(
            operator=clerk, code="000000" if code_at(clerk, now) != "000000" else "111111", now=now
        )
    recovery = operators.confirm_factor(operator=clerk, code=code_at(clerk, now), now=now)
    assert len(set(recovery)) == 8
    with pytest.raises(Rejection) as replayed:
        operators.check_factor(operator=clerk, code=code_at(clerk, now), now=now)
    assert replayed.value.code == "CTRL-012"
    later = now + timedelta(seconds=60)
    operators.check_factor(operator=clerk, code=code_at(clerk, later), now=later)
    operators.check_factor(operator=clerk, code=recovery[0].upper(), now=later)
    with pytest.raises(Rejection):
        operators.check_factor(operator=clerk, code=recovery[0], now=later)
    assert RecoveryCode.objects.filter(operator=clerk, used_at=None).count() == 7


def test_a_post_that_needs_a_second_factor_is_not_entered_without(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    grant = clerk.grants.get()
    Post.objects.filter(code="clerk").update(second_factor=True)
    with pytest.raises(Rejection) as refused:
        doors.begin_session(operator=clerk, grant_id=grant.pk, address=HERE, agent="", now=now)
    assert refused.value.code == "CTRL-013"


def test_a_session_works_in_one_post_only_of_ones_own(staff: Staff, now: datetime) -> None:
    clerk, reviewer = staff("clerk"), staff("reviewer")
    with pytest.raises(Rejection) as foreign:
        doors.begin_session(operator=clerk, grant_id=reviewer.grants.get().pk, address=HERE, agent="", now=now)
    assert foreign.value.code == "CTRL-009"
    token, _ = doors.begin_session(operator=clerk, grant_id=clerk.grants.get().pk, address=HERE, agent="x", now=now)
    assert doors.session_of(token=token, operator=clerk) is not None
    assert doors.session_of(token=token, operator=reviewer) is None
    assert [one.operator.login for one in doors.online(now=now)] == ["clerk"]


def test_an_idle_session_locks_and_polling_does_not_keep_it_awake(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    _, session = doors.begin_session(operator=clerk, grant_id=None, address=HERE, agent="", now=now)
    assert not doors.touch(session=session, now=now + timedelta(minutes=14), by_hand=False)
    assert doors.touch(session=session, now=now + timedelta(minutes=16), by_hand=False)
    with pytest.raises(Rejection) as wrong:
        doors.unlock_session(session=session, operator=clerk, password="wrong", now=now)
    assert wrong.value.code == "CTRL-017"
    doors.unlock_session(session=session, operator=clerk, password=PASSWORD, now=now + timedelta(minutes=17))
    assert not doors.touch(session=session, now=now + timedelta(minutes=18), by_hand=True)


def test_too_many_wrong_unlockings_end_the_session(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    token, session = doors.begin_session(operator=clerk, grant_id=None, address=HERE, agent="", now=now)
    doors.lock(session=session, now=now)
    codes = []
    for _ in range(5):
        with pytest.raises(Rejection) as refused:
            doors.unlock_session(session=session, operator=clerk, password="wrong", now=now)
        codes.append(refused.value.code)
    assert codes == ["CTRL-017"] * 4 + ["CTRL-002"]
    assert doors.session_of(token=token, operator=clerk) is None
