"""Area codes of GB/T 2260."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.kernel import areas

codes = st.builds(
    lambda province, rest, length: (province + rest)[:length],
    st.sampled_from(sorted(areas.PROVINCES)),
    st.text("0123456789", min_size=10, max_size=10),
    st.sampled_from([6, 9, 12]),
)


def test_province() -> None:
    assert areas.province_of("620100") == "甘肃省"
    assert areas.province_of("650102001") == "新疆维吾尔自治区"
    assert len(areas.PROVINCES) == 35  # 34 of the standard and the 兵团


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("620000", None),
        ("620100", "620000"),
        ("620102", "620100"),
        ("620102003", "620102"),
        ("620102003004", "620102003"),
        ("620102003000", "620102"),
    ],
)
def test_parent(code: str, parent: str | None) -> None:
    assert areas.parent_of(code) == parent


@pytest.mark.parametrize(
    ("inner", "outer", "inside"),
    [
        ("620102", "620100", True),
        ("620102", "620000", True),
        ("620102003004", "620102", True),
        ("620100", "620102", False),
        ("620202", "620100", False),
        ("620102", "620102", True),
    ],
)
def test_within(inner: str, outer: str, inside: bool) -> None:
    assert areas.is_within(inner, outer) is inside


@pytest.mark.parametrize("code", ["", "62010", "62010x", "990100", "６２０１００", "6201020"])
def test_refuses(code: str) -> None:
    with pytest.raises(ValueError):
        areas.check_area(code)


@given(codes)
def test_every_area_lies_within_each_of_its_ancestors(code: str) -> None:
    above = areas.parent_of(code)
    while above is not None:
        assert areas.is_within(code, above)
        above = areas.parent_of(above)
