"""Kinds of items within one class (乙类/药品), in the ratios of fee lines and in the parts of a bill. Amounts in yuan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.policy.fragment import plan_of
from tests.unit.policy.test_language_findings import messages
from tongchou.kernel.rejection import Rejection
from tongchou.policy import LineFacts

LINES = """
lines:
  cite: 目录
  classes: {甲类: 0%, 乙类: 20%}
  kinds: {国谈药: 5%, 乙类/药品: 10%, 药品: 1%, 乙类/材料: {value: null, note: 文件未给出乙类材料}, 特检特治: 15%}
  item_ratio: ignored
"""
PLAN = plan_of("bands: [{ratio: 80%}]", LINES)
KINDS = ("国谈药", "西药", "药品", "材料", "特检特治", "检查")


def prior(item_class: str, *kinds: str, yuan: int = 100) -> int:
    line = LineFacts(yuan * 100, 10_000, yuan * 1_000_000, item_class, item_kinds=kinds)
    return PLAN.split_line(line).prior_self_pay


@pytest.mark.parametrize(
    ("item_class", "kinds", "fen"),
    [
        ("乙类", ("西药", "药品"), 1000),  # 乙类/药品 10 %
        ("甲类", ("西药", "药品"), 100),  # 药品 in every other class 1 %
        ("乙类", ("国谈药", "西药", "药品"), 500),  # the more specific kind first: 5 %
        ("乙类", ("特检特治", "检查"), 1500),
        ("甲类", ("材料",), 0),  # 乙类/材料 is not asked; the class: 0 %
        ("乙类", ("检查",), 2000),  # the class: 20 %
    ],
)
def test_the_first_kind_that_has_a_ratio_and_of_one_kind_that_of_the_class(
    item_class: str, kinds: tuple[str, ...], fen: int
) -> None:
    assert prior(item_class, *kinds) == fen


def test_a_ratio_that_the_document_does_not_give_refuses_that_class_only() -> None:
    with pytest.raises(Rejection, match="文件未给出乙类材料"):
        prior("乙类", "材料")
    assert prior("甲类", "材料") == 0


@given(
    item_class=st.sampled_from(["甲类", "乙类"]),
    kinds=st.lists(st.sampled_from(KINDS), unique=True),
    amount=st.integers(-(10**9), 10**9),
)
def test_every_line_is_split_whole(item_class: str, kinds: list[str], amount: int) -> None:
    line = LineFacts(amount, 10_000, 0, item_class, item_kinds=tuple(kinds))
    try:
        split = PLAN.split_line(line)
    except Rejection:
        assert item_class == "乙类"
        assert "材料" in kinds
        return
    assert sum(split) == amount
    assert all(part * amount >= 0 for part in split)
    assert PLAN.line_ratio(line).value <= 1


def test_parts_take_the_kind_of_the_class_before_the_kind() -> None:
    parts = """
parts:
  drugs: {title: 药品, kinds: [药品]}
  drugs_b: {title: 乙类药品, kinds: [乙类/药品]}
  class_b: {title: 其他乙类, kinds: [乙类]}
"""
    layers = """
- {id: second, title: 二, pays_from: "330100", base: [drugs, drugs_b, class_b], cite: 二, bands: [{ratio: 50%}]}
"""
    plan = plan_of("bands: [{ratio: 80%}]", parts, layers)
    lines = [
        (("西药", "药品"), "乙类", 100),
        (("西药", "药品"), "甲类", 20),
        (("检查",), "乙类", 3),
        (("检查",), "甲类", 4),
    ]
    assert plan.part_amounts(lines) == {"bill.drugs": 20, "bill.drugs_b": 100, "bill.class_b": 3}


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("丙类/药品: 10%", "“丙类/药品”不是“甲乙类/类别”"),
        ("乙类/: 10%", "“乙类/”不是“甲乙类/类别”"),
        ("药品/乙类: 10%", "“药品/乙类”不是“甲乙类/类别”"),
        ("乙类/西药/药品: 10%", "“乙类/西药/药品”不是“甲乙类/类别”"),
        ("乙类/药品: {by: visit.where, 本市: 10%, 异地: 20%}", "“乙类/药品”的先行自付比例应是一个数，不能是表或算式"),
        ("药品: 5% + 5%", "“药品”的先行自付比例应是一个数"),
        ("药品: 110%", "“药品”的先行自付比例不在0%至100%之间"),
    ],
)
def test_what_no_line_could_be_split_by_is_found(key: str, found: str) -> None:
    lines = f"lines: {{cite: 目录, classes: {{甲类: 0%, 乙类: 20%}}, kinds: {{{key}}}}}\n"
    assert found in messages("bands: [{ratio: 50%}]", lines)


def test_a_class_that_is_none_and_a_doubtful_kind_are_found() -> None:
    lines = "lines: {cite: 目录, classes: {甲类: 0%, 乙类: 20%, 丁类: 50%}}\n"
    assert "“丁类”不是费用类别" in messages("bands: [{ratio: 50%}]", lines)
    parts = "parts: {own: {title: 丙, kinds: [丙类/药品]}}\n"
    assert "“丙类/药品”不是“甲乙类/类别”" in messages("bands: [{ratio: 50%}]", parts)
