"""Settlement levels of institutions (医保结算等级): the register's codes, and the words that policies use for them."""

from __future__ import annotations

from typing import Final

LEVELS: Final[dict[str, str]] = {"1": "一级", "2": "二级", "3": "三级", "4": "社区", "5": "未定级", "9": "药店"}
"""Code → word. The national code set hi_setl_lv has 1, 2 and 3 only; a policy says what 社区 and 未定级 count as."""

UNGRADED: Final = "5"

PHARMACY_LEVEL: Final = "9"

PRICED_AS: Final[dict[str, str]] = {"4": "1", "5": "1"}
"""Levels that share the price limits of another: the national lmtpric_hosp_lv 1 is 一级及以下."""
