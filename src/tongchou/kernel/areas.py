"""Administrative areas of GB/T 2260 (six digits) and their extension below the county (nine or twelve digits).

Two digits each for province, prefecture and county; three each for township and community. Trailing groups of zeros say
that the code means the whole of what stands before them: ``620000`` is a province, ``620100`` a city of it.
"""

from __future__ import annotations

from typing import Final

PROVINCES: Final[dict[str, str]] = {
    "11": "北京市",
    "12": "天津市",
    "13": "河北省",
    "14": "山西省",
    "15": "内蒙古自治区",
    "21": "辽宁省",
    "22": "吉林省",
    "23": "黑龙江省",
    "31": "上海市",
    "32": "江苏省",
    "33": "浙江省",
    "34": "安徽省",
    "35": "福建省",
    "36": "江西省",
    "37": "山东省",
    "41": "河南省",
    "42": "湖北省",
    "43": "湖南省",
    "44": "广东省",
    "45": "广西壮族自治区",
    "46": "海南省",
    "50": "重庆市",
    "51": "四川省",
    "52": "贵州省",
    "53": "云南省",
    "54": "西藏自治区",
    "61": "陕西省",
    "62": "甘肃省",
    "63": "青海省",
    "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
    "66": "新疆生产建设兵团",
    "71": "台湾省",
    "81": "香港特别行政区",
    "82": "澳门特别行政区",
}
"""Provinces by the first two digits. 66 is not in GB/T 2260 but is what the insurance platform uses for the 兵团."""

_GROUPS: Final = {6: (2, 4), 9: (2, 4, 6), 12: (2, 4, 6, 9)}
"""Lengths of the ancestors' significant digits by length of the code."""


def check_area(code: str) -> str:
    """Return the code if it has the shape of an area code.

    Raises:
        ValueError: with a Chinese reason: wrong length, no digits, unknown province.
    """
    if len(code) not in _GROUPS or not (code.isascii() and code.isdigit()):
        raise ValueError(f"区划代码应为 6、9 或 12 位数字：{code!r}")
    if code[:2] not in PROVINCES:
        raise ValueError(f"区划代码的省级代码 {code[:2]} 不存在")
    return code


def province_of(code: str) -> str:
    """Chinese name of the province of an area code.

    Raises:
        ValueError: not an area code.
    """
    return PROVINCES[check_area(code)[:2]]


def prefix_of(code: str) -> str:
    """The digits that every area inside this one begins with: ``"620100"`` → ``"6201"``.

    Raises:
        ValueError: not an area code.
    """
    check_area(code)
    for length in _GROUPS[len(code)]:
        if set(code[length:]) == {"0"}:
            return code[:length]
    return code


def parent_of(code: str) -> str | None:
    """The area directly above: county → city → province → ``None``; township → county; community → township.

    Raises:
        ValueError: not an area code.
    """
    prefix = prefix_of(code)
    if len(prefix) == 2:
        return None
    if len(prefix) <= 6:
        return prefix[: len(prefix) - 2].ljust(6, "0")
    return prefix[: len(prefix) - 3]


def is_within(inner: str, outer: str) -> bool:
    """Whether ``inner`` is ``outer`` or lies inside it.

    Raises:
        ValueError: one of them is not an area code.
    """
    return check_area(inner).startswith(prefix_of(outer))
