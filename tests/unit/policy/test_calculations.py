"""What is no visit is explained in the same way: contributions, late fee, account credit, pension, assistance.

Each step has its number, its rule in words, the same with the numbers, the amount before and after rounding, and the article.
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

import pytest

from tests.golden.test_policy_cases import CASES
from tests.unit.policy.test_formulas import formula_of
from tongchou.policy import PolicyBook
from tongchou.policy.calculation import FormulaValue
from tongchou.policy.caseread import Case
from tongchou.policy.cases import run_case

CALCULATED = [case for case in CASES if any(step.formula or step.person_class for step in case.steps)]


def texts(steps: list[FormulaValue]) -> list[str]:
    return [step.text() for step in steps]


@pytest.mark.requirement("R0.49")
@pytest.mark.parametrize("case", CALCULATED, ids=lambda case: case.id)
def test_every_calculation_of_every_pack_is_explained(book: PolicyBook, case: Case) -> None:
    """Whole sentences: no name of the language left, every step with its article, what rounding cut is less than its unit."""
    for step in run_case(book, case).values:
        assert step.no >= 1
        assert all((step.title, step.formula, step.substituted, step.citation))
        assert not re.search(r"[a-z_]{3,}", step.text()), step.text()
        if step.exact and not step.exact.endswith("…"):
            cut = abs(Fraction(step.exact) * 100 - int(str(step.value)))
            assert 0 < cut < 100 * 100


def test_these_kinds_are_among_them() -> None:
    packs = {name for case in CALCULATED for name in case.packs}
    assert packs >= {
        "wuhan-contributions", "national-late-fee", "bazhou-employee", "beibei-pension", "gansu-assistance", "panan-assistance",
    }  # fmt: skip


@pytest.mark.requirement("R1.2.14")
def test_contributions(book: PolicyBook) -> None:
    """三(一)1 and 三(二): somebody with a re-employment certificate hands over 20 of the 60; the fund receives 160."""
    plan = book.financing(area="629900", scheme="390", on=date(2008, 1, 1))
    assert texts(plan.explain("一般居民", ["再就业优惠证"])) == [
        "1. 个人承担：筹资标准（一般居民）：60.00 = 60.00元〔试点实施方案 三(一)1〕",
        "2. 中央财政承担：筹资标准（一般居民）：40.00 = 40.00元〔试点实施方案 三(一)1〕",
        "3. 省财政承担：筹资标准（一般居民）：30.00 = 30.00元〔试点实施方案 三(一)1〕",
        "4. 市财政承担：筹资标准（一般居民）：15.00 = 15.00元〔试点实施方案 三(一)1〕",
        "5. 县区财政承担：筹资标准（一般居民）：15.00 = 15.00元〔试点实施方案 三(一)1〕",
        "6. 县区再就业资金代缴：不超过个人尚应承担：40.00 ≤ 60.00 = 40.00元〔试点实施方案 三(二)〕",
        "7. 个人实缴：个人承担 − 代缴：60.00 − 40.00 = 20.00元〔试点实施方案 三(一)1〕",
        "8. 基金收入合计：个人承担 + 中央财政承担 + 省财政承担 + 市财政承担 + 县区财政承担："
        "60.00 + 40.00 + 30.00 + 15.00 + 15.00 = 160.00元〔试点实施方案 三(一)1〕",
    ]


def explained(book: PolicyBook, case_id: str) -> list[FormulaValue]:
    return list(run_case(book, next(case for case in CASES if case.id == case_id)).values)


def test_late_fee_before_and_after_rounding(book: PolicyBook) -> None:
    """WE-066: 1,141.87 × 40 × 0.05 % = 22.8374."""
    fee = explained(book, "WE-066")[-1]
    assert fee.title == "滞纳金"
    assert (fee.exact, fee.value) == ("22.8374", 2_284)
    assert "按比例(1141.87, 0 × 0.2% + 40 × 0.05%) = 22.84元（舍入前22.8374）" in fee.text()
    assert "第八十六条" in fee.citation


def test_what_does_not_end_is_shown_with_dots(book: PolicyBook) -> None:
    """WE-060: 5,800 × 143 ÷ 30."""
    allowance = explained(book, "WE-060-其他")[-1]
    assert (allowance.exact, allowance.value) == ("27646.666667…", 2_764_667)


NAMED = """
define:
  老人: age >= 60
tables:
  档次: {unit: 元, cite: 一, by: level, 高: 12.34, 低: 5.67}
formulas:
  算:
    cite: 一
    inputs: {level: {title: 级, kind: enum, values: [高, 低]}, age: {title: 年龄, kind: int}, months: {title: 月数, kind: int}}
    steps:
      - {name: each, title: 每月, value: "share(档次, 33%)"}
      - {name: sum, title: 合计, value: "each * months + (if 老人 then round_to(档次, 1元) else 0元)"}
"""


def test_tables_and_conditions_by_name_show_their_values() -> None:
    """12.34 × 33 % = 4.0722; 4.07 × 10 + 12.34 rounded to 12."""
    formula = formula_of(NAMED)
    each, total = formula.explain({"level": "高", "age": 60, "months": 10})
    assert (each.formula, each.substituted) == ("按比例(档次, 33%)", "按比例(12.34, 33%)")
    assert (each.exact, each.value) == ("4.0722", 407)
    assert total.substituted == "4.07 × 10 + (如果 是 则 取整(12.34, 1元) 否则 0元)"
    assert (total.exact, total.value) == ("53.04", 5_270)
    assert "如果 否 则 取整(5.67, 1元)" in formula.explain({"level": "低", "age": 59, "months": 1})[1].substituted


def test_nothing_is_said_of_rounding_where_nothing_was_cut() -> None:
    assert [step.exact for step in formula_of(NAMED).explain({"level": "高", "age": 30, "months": 100})][1] == ""
