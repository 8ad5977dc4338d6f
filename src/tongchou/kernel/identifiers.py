"""Identifiers with their own checks: citizen ID number, unified social credit code, institution code; and masks.

Pure text work. A check returns the normal form or raises ``ValueError`` with a Chinese reason that a screen can show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from tongchou.kernel.areas import PROVINCES, check_area
from tongchou.kernel.period import age_on

MALE, FEMALE = "1", "2"
"""Sex codes of GB/T 2261.1 (gend)."""

_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"
_ID_SHAPE: Final = re.compile(r"[0-9]{17}[0-9X]")
_OLD_ID_SHAPE: Final = re.compile(r"[0-9]{15}")
_ID_PROVINCES: Final = frozenset(PROVINCES) | {"83", "91"}
"""83 is the residence permit of Taiwan residents, 91 the permanent residence permit of foreigners of 2023."""

_FIRST_BIRTH_YEAR: Final = 1850

_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_INSTITUTION_SHAPE: Final = re.compile(r"[HP][0-9]{11}")


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A checked citizen ID number (公民身份号码, GB 11643) of 18 characters."""

    text: str

    @property
    def area(self) -> str:
        """Six digits of the area of first registration."""
        return self.text[:6]

    @property
    def birth_date(self) -> date:
        """Date of birth."""
        return date(int(self.text[6:10]), int(self.text[10:12]), int(self.text[12:14]))

    @property
    def sex(self) -> str:
        """``1`` male, ``2`` female: odd or even sequence number."""
        return MALE if int(self.text[16]) % 2 else FEMALE

    def age(self, on: date) -> int:
        """Completed years of age (周岁) on a day."""
        return age_on(self.birth_date, on)


def id_check_character(body: str) -> str:
    """The 18th character of an ID number (ISO 7064 MOD 11-2).

    Args:
        body: the first 17 digits.

    Raises:
        ValueError: not 17 digits.
    """
    if len(body) != 17 or not (body.isascii() and body.isdigit()):
        raise ValueError(f"需要 17 位数字：{body!r}")
    return _ID_CHECKS[sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, body, strict=True)) % 11]


def parse_id_number(text: str) -> IdNumber:
    """Check a citizen ID number; the old form of 15 digits (before 1999, born 19xx) is brought to 18.

    Raises:
        ValueError: with a Chinese reason: shape, area, date of birth, check character.
    """
    number = text.strip().upper()
    if _OLD_ID_SHAPE.fullmatch(number):
        body = number[:6] + "19" + number[6:]
        number = body + id_check_character(body)
    if not _ID_SHAPE.fullmatch(number):
        raise ValueError("应为 18 位（前 17 位数字，末位数字或 X）")
    if number[:2] not in _ID_PROVINCES:
        raise ValueError(f"前两位 {number[:2]} 不是省级区划代码")
    if not _is_birth_date(number[6:14]):
        raise ValueError(f"第 7 至 14 位 {number[6:14]} 不是有效的出生日期")
    expected = id_check_character(number[:17])
    if number[17] != expected:
        raise ValueError("校验码不符，可能有错位或错字")
    return IdNumber(number)


def _is_birth_date(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= _FIRST_BIRTH_YEAR
    except ValueError:
        return False


def normal_id_number(text: str) -> str:
    """The form in which an ID number is stored and looked up: upper case, 15 digits brought to 18.

    What is no ID number comes back trimmed, in upper case: it is looked up and not found.
    """
    try:
        return parse_id_number(text).text
    except ValueError:
        return text.strip().upper()


def credit_check_character(body: str) -> str:
    """The 18th character of a unified social credit code (GB 32100, modulus 31).

    Args:
        body: the first 17 characters.

    Raises:
        ValueError: wrong length or characters outside the alphabet (I, O, S, V, Z are not used).
    """
    if len(body) != 17:
        raise ValueError(f"需要 17 位：{body!r}")
    total = 0
    for weight, character in zip(_CREDIT_WEIGHTS, body, strict=True):
        value = _CREDIT_ALPHABET.find(character)
        if value < 0:
            raise ValueError(f"不允许的字符 {character!r}（不使用 I、O、S、V、Z）")
        total += weight * value
    return _CREDIT_ALPHABET[-total % 31]


def organisation_check_character(body: str) -> str:
    """The ninth character of an organisation code (GB 11714), which stands in positions 9 to 17 of the credit code.

    Args:
        body: the first eight characters.
    """
    values = zip(_ORGANISATION_WEIGHTS, body, strict=True)
    rest = 11 - sum(weight * _ORGANISATION_ALPHABET.index(character) for weight, character in values) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def parse_credit_code(text: str) -> str:
    """Check a unified social credit code (统一社会信用代码) and return it in upper case.

    Raises:
        ValueError: with a Chinese reason: length, characters, area, check character.
    """
    code = text.strip().upper()
    if len(code) != 18:
        raise ValueError(f"应为 18 位，实为 {len(code)} 位")
    expected = credit_check_character(code[:17])
    if not code[2:8].isdigit() or (code[2:4] not in PROVINCES and code[2:4] != "10"):
        raise ValueError(f"第 3 至 8 位 {code[2:8]} 不是登记机关区划代码")
    if code[17] != expected:
        raise ValueError("校验码不符，可能有错位或错字")
    return code


def parse_institution_code(text: str) -> str:
    """Check the code of a designated institution: H (medical) or P (pharmacy), six digits of area, five of serial.

    Raises:
        ValueError: with a Chinese reason.
    """
    code = text.strip().upper()
    if not _INSTITUTION_SHAPE.fullmatch(code):
        raise ValueError("应为 H（医疗机构）或 P（零售药店）加 11 位数字")
    check_area(code[1:7])
    return code


def mask_id_number(text: str) -> str:
    """Hide the middle of a certificate number: ``620***********123X`` (three in front, four behind)."""
    if len(text) <= 7:
        return "*" * len(text)
    return text[:3] + "*" * (len(text) - 7) + text[-4:]


def mask_name(name: str) -> str:
    """Hide a name: ``张*`` for two characters, ``张*三`` for more (first and last stay)."""
    if len(name) <= 1:
        return name
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """Hide the middle of a telephone number: ``138****5678``."""
    if len(phone) <= 7:
        return "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]
