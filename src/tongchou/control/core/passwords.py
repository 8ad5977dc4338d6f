"""The rules of a password (口令规则), and one-time codes of RFC 6238 for the second factor (动态口令)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """What the centre asks of a password. ``days`` 0 means that it never expires."""

    least_length: int = 10
    least_kinds: int = 3
    remembered: int = 5
    days: int = 90


def weaknesses(*, password: str, login: str, name: str, rules: PasswordRules) -> list[str]:
    """What is wrong with a password, in Chinese; an empty list if nothing is. Source: 等级保护2.0 三级 8.1.4.1."""
    found = []
    if len(password) < rules.least_length:
        found.append(f"至少 {rules.least_length} 位")
    kinds = (
        any(character.islower() for character in password),
        any(character.isupper() for character in password),
        any(character.isdigit() for character in password),
        any(not character.isalnum() for character in password),
    )
    if sum(kinds) < rules.least_kinds:
        found.append(f"至少包含大写字母、小写字母、数字、符号中的 {rules.least_kinds} 类")
    if login and login.lower() in password.lower():
        found.append("不能包含登录名")
    if name and name in password:
        found.append("不能包含姓名")
    if _runs(password):
        found.append("不能有 4 位以上相同或连续的字符，如 aaaa、1234")
    return found


def one_time_code(*, secret: bytes, step: int) -> str:
    """The code of a time step (Unix seconds // 30): HMAC-SHA-1 truncated to six digits. Source: RFC 6238, RFC 4226."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return str((number & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)


def matching_step(*, secret: bytes, code: str, now_seconds: int, last_step: int, drift: int = 1) -> int | None:
    """The time step that a code belongs to, or None. A step at or before ``last_step`` was used: a code works once."""
    current = now_seconds // STEP_SECONDS
    matched = None
    for step in range(current - drift, current + drift + 1):
        same = hmac.compare_digest(one_time_code(secret=secret, step=step).encode(), code.strip().encode())
        if same and step > last_step:
            matched = step
    return matched


def setup_address(*, secret: bytes, login: str, issuer: str) -> str:
    """The ``otpauth`` address that authenticator apps read from a QR code."""
    key = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?secret={key}&issuer={quote(issuer)}&digits={DIGITS}"


def _runs(password: str, length: int = 4) -> bool:
    codes = [ord(character) for character in password]
    steps = [after - before for before, after in pairwise(codes)]
    same = 1
    for index, step in enumerate(steps):
        same = same + 1 if index and step == steps[index - 1] and step in (-1, 0, 1) else 2 if step in (-1, 0, 1) else 1
        if same >= length:
            return True
    return False
