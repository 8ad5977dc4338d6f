"""The national codes of an institution's level in 5203: 一级及以下, 其他 and 未定级 are not the register's own words."""

from __future__ import annotations

import pytest

from tongchou.exchange.handlers.enquiries import _levels
from tongchou.providers.api import ProviderView


def institution(level: str, kind: str = "1") -> ProviderView:
    return ProviderView(
        id=1, code="H62990200101", name="东关社区卫生服务中心", kind=kind, level=level, grade="", chinese_medicine=False,
        area="629902", credit_code="", agreement=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("level", "price", "deductible"),
    [("1", "1", "1"), ("2", "2", "2"), ("3", "3", "3"), ("4", "1", "1"), ("5", "1", "9")],
)
def test_levels_of_hospitals(level: str, price: str, deductible: str) -> None:
    found = _levels(institution(level))
    assert found == {"lmtpric_hosp_lv": price, "dedc_hosp_lv": deductible}


def test_pharmacies_have_neither() -> None:
    assert _levels(institution("9", kind="2")) == {}
