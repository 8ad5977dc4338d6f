"""The explanation: every step with its formula, numbers, amount and article, in Chinese."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from tongchou.policy import Bill, PolicyBook
from tongchou.policy.explain import exact_yuan

STUDENT = {
    "person.type": "大学生",
    "person.continuous_years": 6,
    "visit.level": "一级",
    "visit.where": "异地",
}


def explain(book: PolicyBook, bill: Bill, counters: dict[str, int], facts: dict[str, object]) -> list[str]:
    plan = book.plan(area="629900", scheme="390", benefit="住院", on=date(2026, 5, 1))
    outcome = plan.trace(facts, bill, counters)
    return [step.text() for step in plan.explain(outcome.values, facts, bill, counters)]


@pytest.mark.requirement("R1.3.07", "R1.3.08")
def test_a_stay_is_explained_from_the_bill_to_the_payment(book: PolicyBook) -> None:
    steps = explain(book, Bill(in_scope=1_030_001), {}, STUDENT)
    assert steps[:11] == [
        "1. 计算基数：符合范围费用：10,300.01 = 10,300.01元〔试点实施方案 五(三)〕",
        "2. 最高封顶线：本次费用与(最高封顶线 − 已累计)取小：min(10,300.01, 28,000.00 − 0.00) = 10,300.01元〔试点实施方案 五(三)2〕",
        "3. 起付标准：起付标准（异地、一级）：300.00 = 300.00元〔试点实施方案 五(三)1〕",
        "4. 起付标准以上费用：计入费用 − 起付标准：10,300.01 − 300.00 = 10,000.01元〔试点实施方案 五(三)〕",
        "5. 报销比例：报销比例（一级）：65%〔试点实施方案 五(三)3〕",
        "6. 报销比例调整：报销比例提高10个百分点（各类学校的学生）：65% → 75%〔试点实施方案 五(三)3〕",
        "7. 报销比例调整：报销比例降低10个百分点（异地就医）：75% → 65%〔试点实施方案 五(三)3〕",
        "8. 报销比例调整：报销比例提高取小(5, 不小于零(连续缴费年数 − 1)) × 1个百分点（连续缴费；连续缴费年数=6）：65% → 70%〔试点实施方案 五(七)〕",
        "9. 按比例应付：起付标准以上费用 × 报销比例，四舍五入到分：10,000.01 × 70% = 7,000.01元（舍入前7000.007）〔试点实施方案 五(三)〕",
        "10. 最高支付限额：应付金额与(最高支付限额 − 已累计)取小：min(7,000.01, 15,000.00 − 0.00) = 7,000.01元〔试点实施方案 五(三)2〕",
        "11. 统筹基金支付：本层基金支付：7,000.01 = 7,000.01元〔试点实施方案 五(三)〕",
    ]


def test_what_did_not_apply_is_not_shown(book: PolicyBook) -> None:
    plain = STUDENT | {"person.type": "居民", "visit.where": "本市", "person.continuous_years": 1}
    text = "\n".join(explain(book, Bill(in_scope=100_000), {}, plain))
    assert "调整" not in text
    assert "大额" not in text
    assert "舍入前" not in text  # nothing was rounded away


def test_the_year_before_is_in_the_numbers(book: PolicyBook) -> None:
    counters = {"year.inpatient_cost:390": 2_000_000, "year.pool_paid:390100": 1_450_000}
    text = "\n".join(explain(book, Bill(in_scope=1_000_000), counters, STUDENT))
    assert "min(10,000.00, 28,000.00 − 20,000.00) = 8,000.00元" in text
    assert "min(5,390.00, 15,000.00 − 14,500.00) = 500.00元" in text
    assert "大额医疗保险补助支付：本层基金支付：800.00" in text


def test_values_of_another_plan_or_claim_are_refused(book: PolicyBook) -> None:
    plan = book.plan(area="629900", scheme="390", benefit="住院", on=date(2026, 5, 1))
    values = plan.trace(STUDENT, Bill(in_scope=100_000), {}).values
    assert plan.explain(list(values), STUDENT, Bill(in_scope=100_000), {})  # type: ignore[arg-type]  # as JSON gives them
    for other in ((1, 2, 3), values[::-1], (*values[:-1], values[-1] + 1)):
        with pytest.raises(ValueError, match="do not belong"):
            plan.explain(other, STUDENT, Bill(in_scope=100_000), {})
    with pytest.raises(ValueError, match="do not belong"):
        plan.explain(values, STUDENT, Bill(in_scope=100_001), {})


def test_every_step_cites_an_article(book: PolicyBook) -> None:
    for scheme, benefit, facts in (
        ("390", "住院", STUDENT),
        ("310", "住院", {"person.type": "退休", "visit.level": "二级"}),
        ("310", "普通门诊", {"person.type": "在职", "visit.level": "一级"}),
    ):
        plan = book.plan(area="629900", scheme=scheme, benefit=benefit, on=date(2026, 5, 1))
        bill = Bill(in_scope=20_000_000, prior_self_pay=5_000)
        outcome = plan.trace(facts, bill, {}, 10_000)
        steps = plan.explain(outcome.values, facts, bill, {})
        assert all(step.citation and step.title and step.substituted for step in steps)
        assert sum(step.amount or 0 for step in steps if step.fund) == outcome.fund_pay + outcome.account_pay


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 100), "0.01"),
        (Fraction(65, 10_000), "0.0065"),
        (Fraction(45_445_491, 10_000), "4544.5491"),
        (Fraction(100), "100.00"),
        (Fraction(1, 3), "0.333333…"),
        (Fraction(0), "0.00"),
    ],
)
def test_exact_amounts(value: Fraction, text: str) -> None:
    assert exact_yuan(value) == text


def test_waterfall_falls_from_total_to_cash(book: PolicyBook) -> None:
    plan = book.plan(area="629900", scheme="310", benefit="普通门诊", on=date(2026, 5, 1))
    outcome = plan.evaluate(
        {"person.type": "在职", "visit.level": "一级"}, Bill(in_scope=10_000, out_of_scope=500), {}, 700
    )
    assert plan.waterfall(outcome) == [
        ("医疗费用总额", 10_500, "total"),
        ("门诊统筹基金", -8_500, "fund"),
        ("个人账户", -700, "account"),
        ("个人现金支付", 1_300, "cash"),
    ]
