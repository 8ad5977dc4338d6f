"""Accounts: making them, passwords, the second factor, leaving and return."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import check_password
from django.db import connection
from django.utils import timezone

from tongchou.control import rejections, vault
from tongchou.control.actor import writing
from tongchou.control.columns import Column
from tongchou.control.core.passwords import PasswordRules, matching_step, setup_address, weaknesses
from tongchou.control.models import (
    Grant,
    Operator,
    PasswordHistory,
    PersonalDataAccess,
    Post,
    RecoveryCode,
    WorkSession,
)
from tongchou.control.services.posts import end_deputies, ensure_posts
from tongchou.kernel.identifiers import parse_id_number

ID_NUMBER_COLUMN = "control.operator.id_number"
FACTOR_COLUMN = "control.operator.factor"
ENCRYPTED = (
    Column(table="control_operator", cipher="id_number_cipher", label=ID_NUMBER_COLUMN, search="person"),
    Column(table="control_operator", cipher="factor_cipher", label=FACTOR_COLUMN),
)
RULES = PasswordRules()
RECOVERY_CODES = 8
INSTALLATION_DAYS = 365


def create_operator(
    *, login: str, password: str, name: str, organisation: str, area: str, post: str, id_number: str = ""
) -> Operator:
    """Make an operator of an installation, or give an existing one of that login name these data and this password.

    For the terminal, the demo and tests: the grant carries no case. At the desk, an account is made without any right
    (:func:`open_account`) and the grant goes its way through review and approval.

    Raises:
        ValueError: no such post.
    """
    ensure_posts()
    held = Post.objects.filter(code=post).first()
    if held is None:
        raise ValueError(f"no such post: {post!r}")
    now = timezone.now()
    with writing(reason="安装时建立操作员"):
        operator = Operator.objects.filter(login=login).first() or Operator(login=login)
        operator.name, operator.organisation = name, organisation
        if id_number:
            bind_person(operator, id_number)
        operator.set_password(password)
        operator.password_changed_at = now
        operator.save()
        if not Grant.objects.filter(operator=operator, post=held, area=area, ended_at=None).exists():
            Grant.objects.create(
                operator=operator,
                post=held,
                area=area,
                since=timezone.localdate() - timedelta(days=1),
                until=timezone.localdate() + timedelta(days=INSTALLATION_DAYS),
                installation=True,
                granted_at=now,
            )
    return operator


def open_account(
    *, login: str, name: str, organisation: str, id_number: str, by: Operator, now: datetime, unit_code: str = ""
) -> tuple[Operator, str]:
    """Make an account without any right. Returns it and the password for the first sign-in, which must be changed.

    Whoever was given a password by another reviews nothing before a third has confirmed it (:func:`confirm_in_hand`).

    Raises:
        Rejection: CTRL-015 the ID number is wrong, CTRL-016 the login name is taken.
    """
    from tongchou.control.models import Organisation

    if Operator.objects.filter(login=login).exists():
        raise rejections.LOGIN_TAKEN(login=login)
    operator = Operator(login=login, name=name, organisation=organisation, must_change_password=True)
    operator.password_given_by = by.login
    bind_person(operator, id_number)
    if unit_code:
        operator.unit = Organisation.objects.get(code=unit_code)
        operator.organisation = operator.unit.name
    first = _first_password()
    operator.set_password(first)
    operator.password_changed_at = now
    with writing(reason="建立账号"):
        operator.save()
    return operator, first


def bind_person(operator: Operator, id_number: str) -> None:
    """Note which natural person the account belongs to; the number itself is kept encrypted.

    Raises:
        Rejection: CTRL-015 the ID number is wrong.
    """
    try:
        normal = parse_id_number(id_number).text
    except ValueError as wrong:
        raise rejections.WRONG_ID_NUMBER(why=str(wrong)) from None
    operator.person = vault.search_hash(column=ID_NUMBER_COLUMN, text=normal)
    operator.id_number_cipher = vault.encrypt(column=ID_NUMBER_COLUMN, text=normal)


def persons_of(operator: Operator) -> frozenset[str]:
    """The natural person of an account, under every search key there is; empty if nobody has checked who it is.

    While search keys are being changed, a case that waits may carry the hash under the older one.
    """
    if not operator.person:
        return frozenset()
    if not operator.id_number_cipher or len(vault.keys().search) == 1:
        return frozenset({operator.person})
    number = vault.decrypt(column=ID_NUMBER_COLUMN, data=bytes(operator.id_number_cipher))
    return frozenset({operator.person, *vault.search_hashes(column=ID_NUMBER_COLUMN, text=number)})


def change_password(*, operator: Operator, new: str, now: datetime) -> None:
    """Set a new password of the operator's own choice.

    Raises:
        Rejection: CTRL-010 too weak, CTRL-011 used before.
    """
    found = weaknesses(password=new, login=operator.login, name=operator.name, rules=RULES)
    if found:
        raise rejections.WEAK_PASSWORD(why="；".join(found))
    kept = PasswordHistory.objects.filter(operator=operator).order_by("-id")[: RULES.remembered]
    earlier = list(kept.values_list("password", flat=True))
    if any(check_password(new, each) for each in [operator.password, *earlier]):
        raise rejections.PASSWORD_REUSED(count=RULES.remembered)
    with writing(reason="修改密码"):
        PasswordHistory.objects.create(operator=operator, password=operator.password, replaced_at=now)
        operator.set_password(new)
        operator.password_changed_at, operator.must_change_password = now, False
        operator.save(update_fields=["password", "password_changed_at", "must_change_password"])


def reset_password(*, operator: Operator, by: Operator, now: datetime) -> str:
    """Give the operator a password for one sign-in, which must be changed then; the lock-out ends, sessions end.

    Until somebody else confirms that the account is in its owner's hands (:func:`confirm_in_hand`), it reviews nothing:
    whoever resets a password could use it.
    """
    first = _first_password()
    with writing(reason="重置密码"):
        PasswordHistory.objects.create(operator=operator, password=operator.password, replaced_at=now)
        operator.set_password(first)
        operator.password_changed_at, operator.must_change_password, operator.unlocked_at = now, True, now
        operator.password_given_by = by.login
        operator.save(
            update_fields=[
                "password",
                "password_changed_at",
                "must_change_password",
                "unlocked_at",
                "password_given_by",
            ]
        )
        _end_sessions(operator, now, "重置密码")
    return first


def confirm_in_hand(*, operator: Operator, by: Operator) -> None:
    """Note that the owner of an account has it again, after having spoken with the person.

    Raises:
        Rejection: CTRL-059 the initial password was not changed yet; whoever confirms is the owner, gave the password out, is
            the same natural person as one of them, or has a password that waits for a confirmation itself.
    """
    giver = Operator.objects.filter(login=operator.password_given_by).first()
    barred = persons_of(operator) | (persons_of(giver) if giver else frozenset())
    why = ""
    if operator.must_change_password:
        why = "初始口令尚未修改"
    elif by.login in (operator.login, operator.password_given_by) or not persons_of(by) or persons_of(by) & barred:
        why = "须由发放人和本人以外、已登记身份证号的人员确认"
    elif by.password_given_by:
        why = "您自己的账号也尚未确认由本人取回"
    if why:
        raise rejections.NOT_TO_CONFIRM(login=operator.login, why=why)
    with writing(reason=f"确认本人取回账号（口令由 {operator.password_given_by} 发放）"):
        operator.password_given_by = ""
        operator.save(update_fields=["password_given_by"])


def unlock(*, operator: Operator, now: datetime) -> None:
    """End a lock-out after too many failures: the way back, by someone who has spoken with the person."""
    with writing(reason="解除登录锁定"):
        operator.unlocked_at = now
        operator.save(update_fields=["unlocked_at"])


def password_expired(*, operator: Operator, now: datetime) -> bool:
    """Must the operator choose a new password before going on?"""
    changed = operator.password_changed_at or operator.created_at
    return operator.must_change_password or (RULES.days > 0 and now - changed > timedelta(days=RULES.days))


def begin_factor(*, operator: Operator) -> tuple[str, str]:
    """Make a new secret for one-time codes; it counts after :func:`confirm_factor`. Returns key text and address."""
    secret = secrets.token_bytes(20)
    with writing(reason="生成动态口令密钥"):
        operator.factor_cipher = vault.encrypt(column=FACTOR_COLUMN, text=secret.hex())
        operator.factor_confirmed_at, operator.factor_last_step = None, 0
        operator.save(update_fields=["factor_cipher", "factor_confirmed_at", "factor_last_step"])
    address = setup_address(secret=secret, login=operator.login, issuer="统筹")
    return address.partition("secret=")[2].partition("&")[0], address


def factor_address(*, operator: Operator) -> str:
    """The address for the authenticator app of a secret that is not confirmed yet, or empty."""
    if not operator.factor_cipher or operator.factor_confirmed_at:
        return ""
    return setup_address(secret=_secret(operator), login=operator.login, issuer="统筹")


def confirm_factor(*, operator: Operator, code: str, now: datetime) -> list[str]:
    """Switch the second factor on after a right code. Returns the recovery codes, which are shown once.

    Raises:
        Rejection: CTRL-012 wrong code.
    """
    if not _take_code(operator, code, now):
        raise rejections.FACTOR_REFUSED()
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)]
    with writing(reason="启用动态口令"):
        operator.factor_confirmed_at = now
        operator.save(update_fields=["factor_confirmed_at"])
        RecoveryCode.objects.filter(operator=operator).delete()
        RecoveryCode.objects.bulk_create(
            [RecoveryCode(operator=operator, code_hash=_code_hash(operator, code)) for code in codes]
        )
    return codes


def drop_factor(*, operator: Operator, reason: str) -> None:
    """Switch the second factor off, for a lost telephone; posts that need one can't be chosen until it is set up anew."""
    with writing(reason=reason):
        operator.factor_cipher, operator.factor_confirmed_at, operator.factor_last_step = None, None, 0
        operator.save(update_fields=["factor_cipher", "factor_confirmed_at", "factor_last_step"])
        RecoveryCode.objects.filter(operator=operator).delete()


def check_factor(*, operator: Operator, code: str, now: datetime) -> None:
    """Check a one-time code or a recovery code; either works once.

    Raises:
        Rejection: CTRL-012 wrong or used.
    """
    if _take_code(operator, code, now):
        return
    used = RecoveryCode.objects.filter(
        operator=operator, code_hash=_code_hash(operator, code.strip().lower()), used_at=None
    ).update(used_at=now)
    if not used:
        raise rejections.FACTOR_REFUSED()


def leave(*, operator: Operator, on: date, reason: str, now: datetime) -> int:
    """Note that an operator leaves: every grant ends, sessions end. Returns how many grants ended."""
    with writing(reason=reason):
        operator.left_on, operator.is_active = on, False
        operator.save(update_fields=["left_on", "is_active"])
        _end_sessions(operator, now, "离岗")
        return _end_grants(operator, now, f"离岗：{reason}")


def come_back(*, operator: Operator, by: Operator, reason: str, now: datetime) -> str:
    """Open the account of someone who returns. No grant comes back: they are asked for anew. Returns a first password."""
    with writing(reason=reason):
        operator.left_on, operator.is_active = None, True
        operator.save(update_fields=["left_on", "is_active"])
    return reset_password(operator=operator, by=by, now=now)


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


def _take_code(operator: Operator, code: str, now: datetime) -> bool:
    """Use a one-time code up. The row is changed only if nobody used this or a later code meanwhile."""
    if not operator.factor_cipher:
        return False
    step = matching_step(
        secret=_secret(operator), code=code, now_seconds=int(now.timestamp()), last_step=operator.factor_last_step
    )
    if step is None:
        return False
    with connection.cursor() as cursor:
        sql = "UPDATE control_operator SET factor_last_step = %s WHERE id = %s AND factor_last_step < %s"
        cursor.execute(sql, [step, operator.pk, step])
        taken: bool = cursor.rowcount == 1
    if taken:
        operator.factor_last_step = step
    return taken


def _secret(operator: Operator) -> bytes:
    return bytes.fromhex(vault.decrypt(column=FACTOR_COLUMN, data=bytes(operator.factor_cipher or b"")))


def _code_hash(operator: Operator, code: str) -> str:
    return hashlib.sha256(f"{operator.pk}:{code}".encode()).hexdigest()


def _first_password() -> str:
    letters = "abcdefghjkmnpqrstuvwxyz"
    return (
        "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))
        + f"-{secrets.randbelow(90) + 10}"
    )


def _end_grants(operator: Operator, now: datetime, reason: str) -> int:
    from tongchou.control.actor import current_actor

    held = list(Grant.objects.filter(operator=operator, ended_at=None).values_list("pk", flat=True))
    open_ones = Grant.objects.filter(pk__in=held)
    ended = open_ones.update(ended_at=now, ended_by=current_actor().operator, end_reason=reason[:200])
    end_deputies(of=held, now=now)
    return ended


def _end_sessions(operator: Operator, now: datetime, why: str) -> None:
    WorkSession.objects.filter(operator=operator, ended_at=None).update(ended_at=now, ended_by=why)
