"""Fee lines: interface section 6, restated as checks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, LineSplit, PolicyBook, default_pack_directory
from tongchou.settlement.core import bill
from tongchou.settlement.core.inputs import LineInput, Parts
from tongchou.settlement.core.snapshots import LineGroup

WHEN = datetime(2026, 11, 20, tzinfo=UTC)


def line(**changes: Any) -> LineInput:
    given: dict[str, Any] = {
        "line_no": 1, "item_code": "X", "local_code": "L", "occurred_at": WHEN, "quantity": 10_000,
        "unit_price": 1_000_000, "amount": 100,
    }  # fmt: skip
    return LineInput(**{**given, **changes})


@pytest.mark.parametrize(
    ("price", "quantity", "amount", "fine"),
    [
        (1_000_000, 10_000, 100, True),
        (1_000_000, 10_000, 101, True),
        (1_000_000, 10_000, 99, True),
        (1_000_000, 10_000, 102, False),
        (333_333, 30_000, 100, True),  # 0.333333 × 3 = 0.999999 → 1.00
        (5_000, 10_000, 1, True),  # 0.005 rounds half up to 0.01
        (5_000, -10_000, -1, True),
        (12_345_678, 12_345, 1_524, True),  # 15.24…
        (12_345_678, 12_345, 1_526, False),
    ],
)
def test_price_times_quantity_is_the_amount_within_a_fen(price: int, quantity: int, amount: int, fine: bool) -> None:
    checked = line(unit_price=price, quantity=quantity, amount=amount)
    if fine:
        bill.check_line(checked)
    else:
        with pytest.raises(Rejection, match="SETL-021"):
            bill.check_line(checked)


@pytest.mark.parametrize(
    "changes",
    [{"unit_price": 0}, {"unit_price": -1}, {"quantity": 0}, {"amount": -100}, {"quantity": -10_000}],
)
def test_a_refund_has_a_positive_price_and_negative_quantity_and_amount(changes: dict[str, int]) -> None:
    with pytest.raises(Rejection, match="SETL-022"):
        bill.check_line(line(**changes))
    bill.check_line(line(quantity=-10_000, amount=-100))


@pytest.mark.parametrize(
    ("restricted", "flag", "expected"),
    [
        (True, "1", False), (True, "0", True), (True, "2", True),
        (False, "0", False), (False, "1", False), (False, "2", True),
    ],
)  # fmt: skip
def test_approval_decides_whether_an_item_is_self_paid(restricted: bool, flag: str, expected: bool) -> None:
    assert bill.self_paid(restricted=restricted, approval_flag=flag) is expected


def test_the_claimed_total_and_parts_must_be_ours() -> None:
    own = Bill(out_of_scope=100, over_limit=20, prior_self_pay=30, in_scope=850)
    bill.check_total(
        bill=own,
        claimed_total=1_000,
        claimed_parts=Parts(out_of_scope=100, over_limit=20, prior_self_pay=30, in_scope=850),
    )
    with pytest.raises(Rejection, match="SETL-023"):
        bill.check_total(bill=own, claimed_total=999, claimed_parts=None)
    wrong = Parts(out_of_scope=100, over_limit=20, prior_self_pay=31, in_scope=849)
    with pytest.raises(Rejection, match="SETL-028"):
        bill.check_total(bill=own, claimed_total=1_000, claimed_parts=wrong)
    with pytest.raises(Rejection, match="SETL-029"):
        bill.check_total(bill=Bill(in_scope=-1), claimed_total=-1, claimed_parts=None)


SHAPES = PolicyBook.load(default_pack_directory() / "shapes")


def test_an_item_belongs_to_the_kinds_it_is_registered_with_and_to_those_of_its_charge_type() -> None:
    assert bill.kinds_of("特药、国谈药", "09") == ("特药", "国谈药", "西药", "药品")
    assert bill.kinds_of("", "06") == ("手术",)
    assert bill.kinds_of("血液", "") == ("血液",)


@pytest.mark.parametrize(
    ("kinds", "item_class", "part"),
    [
        ("进口材料", "02", "bill.imported"),  # its kind goes before its class
        ("不认识、合资材料", "01", "bill.joint"),  # the first kind that the policy names
        ("大型设备检查", "02", "bill.class_b"),  # no kind that the policy names: by its class
        ("大型设备检查", "01", ""),
    ],
)
def test_a_line_counts_in_one_part(kinds: str, item_class: str, part: str) -> None:
    plan = SHAPES.plan_of(("shp-39",), benefit="住院", on=date(2024, 6, 1))
    term = SimpleNamespace(kinds=kinds, charge_type="08", item_class=item_class)
    priced = [bill.PricedLine(line(), term, LineSplit(1, 2, 4, 100), 0)]
    names = ("class_b", "domestic", "joint", "imported")
    assert bill.part_facts(plan, priced) == {f"bill.{name}": 100 if f"bill.{name}" == part else 0 for name in names}
    stored = LineGroup(WHEN.date(), kinds, "08", item_class, 1, 1, 2, 4, 100, 0)
    assert bill.group_facts(plan, [stored]) == bill.part_facts(plan, priced)


def test_a_plan_without_parts_asks_for_none() -> None:
    plan = SHAPES.plan_of(("shp-52",), benefit="住院", on=date(2024, 6, 1))
    assert bill.part_facts(plan, [bill.PricedLine(line(), SimpleNamespace(), LineSplit(0, 0, 0, 1), 0)]) == {}


@given(st.lists(st.tuples(*[st.integers(0, 10**9)] * 4), max_size=20), st.randoms())
def test_a_bill_is_the_sum_of_its_lines_in_any_order(parts: list[tuple[int, int, int, int]], shuffler: Any) -> None:
    priced = [bill.PricedLine(line(), SimpleNamespace(), LineSplit(*part), 0) for part in parts]
    summed = bill.bill_of(priced)
    shuffler.shuffle(priced)
    assert bill.bill_of(priced) == summed
    assert summed.total == sum(sum(part) for part in parts)


def test_a_split_that_does_not_sum_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        bill.check_split(100, LineSplit(0, 0, 0, 99))
    with pytest.raises(AssertionError):
        bill.check_split(100, LineSplit(-10, 0, 0, 110))
    bill.check_split(-100, LineSplit(-40, 0, -10, -50))


def test_codes_not_in_force_and_not_mapped_are_named() -> None:
    given: dict[str, Any] = {"plan": None, "scheme": "310", "day": date(2026, 11, 20), "lines": [line(line_no=7)]}
    with pytest.raises(Rejection, match=r"SETL-024 明细 7") as refusal:
        bill.price_lines(**given, terms={}, mapping={"L": "X"})
    assert refusal.value.field == "med_list_codg"
    with pytest.raises(Rejection, match="SETL-025"):
        bill.price_lines(**given, terms={"X": SimpleNamespace()}, mapping={"L": "Y"})
