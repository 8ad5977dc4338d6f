"""Slips in the newer words of the language: each is found, with what to do about it."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.unit.policy.fragment import FRAME, LAYER
from tongchou.policy import PolicyBook, PolicyErrors
from tongchou.policy.checker import check_book
from tongchou.policy.expressions import ExpressionError, parse_expression
from tongchou.policy.nodes import Map, parse_yaml

COUNTED = "accumulators: {year.paid: {title: 本年支付, unit: 元}, year.visits: {title: 本年次数, unit: 次}}\n"


def messages(rest: str, extra: str = "", benefit: str = "") -> str:
    """All findings of a small pack: ``rest`` continues its layer, ``extra`` are sections, ``benefit`` stands before the layers."""
    layers = LAYER + indent(rest.strip("\n"), "  ") + "\n"
    text = FRAME.format(extra=COUNTED + extra, layers=indent(layers, "      "))
    tree = parse_yaml(text.replace("    layers:\n", f"{benefit}    layers:\n"), "slip.yaml")
    assert isinstance(tree, Map)
    found = check_book(PolicyBook([tree]))
    return "\n".join(finding.text() for finding in found if finding.severity != "notice")


def table(cells: str) -> str:
    """A cap by the months of enrolment."""
    return f"bands: [{{ratio: 50%}}]\ncaps: [{{amount: {{by: person.months, {cells}}}}}]"


MONTHS = "facts: {person.months: {title: 参保月数, kind: int, unit: 月}}"


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ("0..5: 1, 7..: 2", "缺少“6..6”一格"),
        ("0..5: 1, 5..: 2", "“5..”与前一格重叠"),
        ("1..5: 1, 6..: 2", "缺少“0..0”一格"),
        ("0..5: 1, 6..11: 2", "缺少“12..”一格"),
        ("少于6: 1", "表头应为个数的范围"),
    ],
)
def test_ranges_leave_no_hole_and_do_not_overlap(cells: str, found: str) -> None:
    assert found in messages(table(cells), MONTHS)


@pytest.mark.parametrize("cells", ["0..5: 1, 6..: 2", "0: 1, 1..: 2", "2..3: 1, else: 5", "6..: 2, 0..5: 1"])
def test_ranges_that_fit(cells: str) -> None:
    assert messages(table(cells), MONTHS) == ""


@pytest.mark.parametrize(
    ("bands", "found"),
    [
        ("[{every: 100000, add: 5pp, up_to: 80%}]", "every之前没有写明的一段"),
        ("[{to: 100, ratio: 60%}, {every: 100000, add: 0pp, up_to: 80%}]", "无法按规律写出各段"),
        ("[{to: 100, ratio: 90%}, {every: 100000, add: 5pp, up_to: 80%}]", "无法按规律写出各段"),
        ("{measure: payment, whole_amount: true, tiers: [{ratio: 60%}]}", "不能整额套档"),
        (
            "{measure: payment, counts: year.paid, tiers: [{to: 1, ratio: 61%}, {to: 2, ratio: 62%}, {ratio: 63%}]}",
            "无法精确到分",
        ),
    ],
)
def test_bands_that_cannot_be(bands: str, found: str) -> None:
    assert found in messages(f"bands: {bands}")


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        ("amount: 100\nbands: [{ratio: 50%}]", "既写了支付金额amount，又写了比例"),
        ("amount: 50%", "这里应为金额"),
        ("amount: layer.later.paid", "不认识的名称“layer.later.paid”"),
        (
            "bands: [{ratio: 50%}]\ndeductible: {amount: 1, nth: {counts: year.visits, reduce: 10%, subtract: 5}}",
            "其中之一",
        ),
        ('bands: [{ratio: 50%}]\ncaps: [{amount: "divide(100元, 0)"}]', "除数应是写明的正数"),
        ('bands: [{ratio: 50%}]\ncaps: [{amount: "whole(bill.total, 1元)"}]', "这里应为金额"),
        ('bands: [{ratio: 50%}]\ncaps: [{amount: "prorate(bill.total, 1元, 2)"}]', "单位混用"),
    ],
)
def test_layers_that_cannot_be(layer: str, found: str) -> None:
    assert found in messages(layer)


@pytest.mark.parametrize(
    ("move", "found"),
    [
        ("{title: 先付}", "移动多少没有写明"),
        ("{title: 先付, ratio: 5%, amount: 3}", "移动多少没有写明"),
        ("{title: 先付, ratio: 101%}", "超过100%"),
        ("{title: 先付, ratio: 5%, to: elsewhere}", "elsewhere"),
        ("{title: 先付, ratio: null}", "没有说明"),
    ],
)
def test_moves_that_cannot_be(move: str, found: str) -> None:
    assert found in messages("bands: [{ratio: 50%}]", benefit=f"    moves: [{move}]\n")


def test_a_part_may_not_take_the_name_of_a_component() -> None:
    assert "已是费用成分" in messages("bands: [{ratio: 50%}]", "parts: {copay: {title: 自付, kinds: [乙类]}}")


def test_a_move_whose_number_is_unknown_refuses_only_where_it_is_needed() -> None:
    from tongchou.kernel.rejection import Rejection
    from tongchou.policy import Bill

    text = FRAME.format(extra=COUNTED, layers=indent(LAYER + "  bands: [{ratio: 50%}]\n", "      "))
    moves = "    moves: [{title: 先付, ratio: null, note: 文件未给出先付比例}]\n    layers:\n"
    tree = parse_yaml(text.replace("    layers:\n", moves), "slip.yaml")
    assert isinstance(tree, Map)
    book = PolicyBook([tree])
    assert [finding for finding in check_book(book) if finding.severity == "error"] == []
    from tests.unit.policy.fragment import DAY

    plan = book.plan_of(["fragment"], benefit="住院", on=DAY)
    assert plan.evaluate({}, Bill(out_of_scope=5), {}).fund_pay == 0
    with pytest.raises(Rejection, match="文件未给出先付比例"):
        plan.evaluate({}, Bill(in_scope=1), {})


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("person.type = 退休", "相等写=="),
        ("visit.emergency 且 visit.accident", "并且写and"),
        ("visit.emergency 或者 visit.accident", "或者写or"),
        ("15万", "写成数字"),
        ("300000 / 2", "没有除号"),
        ("visit.level in (一级，二级)", "逗号应为半角"),
        ("visit.days ≥ 90", ">="),
        ("min（1, 2）", "括号应为半角"),
    ],
)
def test_what_people_write_by_habit_gets_a_hint(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_expression(text)
    assert hint in str(refused.value)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("a:\n\tb: 1\n", "制表符"),
        ("a: 1\ntitle：职工住院\nb: 2\n", "半角的“:”"),
        ('a: "x\nb: 1\n', "引号不成对"),
        ("a:\n  - b: 1\n c: 2\n", "左边对齐"),
    ],
)
def test_what_is_no_yaml_says_what_is_likely_wrong(text: str, remedy: str) -> None:
    with pytest.raises(PolicyErrors) as refused:
        parse_yaml(text, "x.yaml")
    (finding,) = refused.value.findings
    assert remedy in finding.remedy
    assert finding.line >= 1
