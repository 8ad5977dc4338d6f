"""The code sets of the national interface as dictionaries that screens show, in versions."""

from __future__ import annotations

import hashlib
from datetime import datetime

from tongchou.control import api as control
from tongchou.exchange.tables import code_set_titles, code_sets

SOURCE = "国家医疗保障信息平台定点医药机构接口规范"


def load_dictionaries(*, now: datetime) -> int:
    """Load every code set; one whose values changed becomes a new version, the old one stays. Returns how many there are."""
    titles = code_set_titles()
    for name, codes in sorted(code_sets().items()):
        values = [(code.value, code.label) for code in codes]
        digest = hashlib.sha256(repr(values).encode()).hexdigest()[:12]
        control.load_code_set(
            code=name, name=titles.get(name, name), source=SOURCE, version=digest, values=values, now=now
        )
    return len(code_sets())
