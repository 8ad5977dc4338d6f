"""Amounts in Chinese capital figures (大写金额), as 正确填写票据和结算凭证的基本规定 asks for on vouchers."""

from __future__ import annotations

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def yuan_in_words(fen: int) -> str:
    """Fen in capital figures: ``120050`` → ``壹仟贰佰元伍角整``, ``105`` → ``壹元零伍分``, ``0`` → ``零元整``."""
    if fen < 0:
        return "负" + yuan_in_words(-fen)
    yuan, rest = divmod(fen, 100)
    ten_fen, one_fen = divmod(rest, 10)
    text = _whole(yuan) + "元" if yuan or not rest else ""
    if not rest:
        return text + "整"
    if ten_fen:
        text += _DIGITS[ten_fen] + "角"
    elif yuan:
        text += "零"
    return text + (_DIGITS[one_fen] + "分" if one_fen else "整")


def _whole(yuan: int) -> str:
    if yuan == 0:
        return "零"
    groups = []
    while yuan:
        yuan, group = divmod(yuan, 10_000)
        groups.append(group)
    text, gap = "", False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if group == 0:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):
            text += "零"
        text, gap = text + _thousands(group) + _GROUPS[place], False
    return text


def _thousands(group: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text
