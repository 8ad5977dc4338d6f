"""Shapes of published policies, each as a fragment with arithmetic that can be checked by hand. Amounts in yuan."""

from __future__ import annotations

import pytest

from tests.unit.policy.fragment import Person, plan_of
from tongchou.kernel.rate import Rate

COUNTERS = """
accumulators:
  year.deductible: {title: 年内已付起付标准, unit: 元}
  month.deductible: {title: 月内已付起付标准, unit: 元}
  year.admissions: {title: 年内住院次数, unit: 次}
  year.cost: {title: 年内费用, unit: 元}
  year.paid: {title: 年内支付, unit: 元}
"""
COUNTED = "feeds: [{to: year.admissions, what: one}]"


def yuan(amount: str) -> int:
    whole, _, cents = amount.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def test_month_inside_year() -> None:
    """SHP-01: 50 a month, 200 a year at most; then 60 %."""
    plan = plan_of(
        """
deductible:
  amount: 50
  per: month
  counts: month.deductible
  sum_caps: [{on: deductible, per: year, amount: 200, counts: year.deductible}]
bands: [{ratio: 60%}]
""",
        COUNTERS,
    )
    person = Person(plan)
    for _ in range(4):
        assert person.visit(30) == 0
        assert person.visit(120) == yuan("60")  # 20 are left of the month's 50: 100 × 60 %
        person.new_month()
    assert person.counters["year.deductible"] == yuan("200")
    assert person.visit(100) == yuan("60")  # the year's 200 are borne


def test_deductible_paid_at_a_lower_level_counts_higher_up() -> None:
    """SHP-02 (CON-07): level one 200; level three 600, of which 400 remain; 80 % and 60 %."""
    plan = plan_of(
        """
deductible:
  amount: {by: visit.level, 一级: 200, 三级: 600}
  per: year
  counts: year.deductible
bands: [{ratio: {by: visit.level, 一级: 80%, 三级: 60%}}]
""",
        COUNTERS + "facts: {visit.level: {values: [一级, 三级]}}\n",
    )
    person = Person(plan)
    assert person.visit(1000, visit__level="一级") == yuan("640")
    assert person.visit(1000, visit__level="三级") == yuan("360")
    assert person.visit(1000, visit__level="三级") == yuan("600")


def test_fixed_amount_from_the_third_stay() -> None:
    """SHP-04, residents: 100 %, 50 %, then 100 yuan."""
    plan = plan_of(
        f"""
deductible: {{amount: 800, nth: {{counts: year.admissions, factors: [100%, 50%], then: 100}}}}
bands: [{{ratio: 50%}}]
{COUNTED}
""",
        COUNTERS,
    )
    person = Person(plan)
    assert [person.visit(1000) for _ in range(4)] == [yuan("100"), yuan("300"), yuan("450"), yuan("450")]


def test_subtraction_down_to_zero() -> None:
    """SHP-05: 500 → 300 → 100 → 0."""
    plan = plan_of(
        f"deductible: {{amount: 500, nth: {{counts: year.admissions, subtract: 200}}}}\nbands: [{{ratio: 100%}}]\n{COUNTED}",
        COUNTERS,
    )
    person = Person(plan)
    assert [1000 - person.visit(1000) // 100 for _ in range(5)] == [500, 300, 100, 0, 0]


def test_person_class_multiplier_with_subtraction_and_floor() -> None:
    """SHP-07: 1,000 less 100 each time, floor 300; 50 % for 低保, floor by the reduced line."""
    plan = plan_of(
        f"""
deductible:
  amount: 1000
  adjust: [{{times: 50%, when: 低保 in person.identities}}]
  nth: {{counts: year.admissions, subtract: 100, floor: 300}}
bands: [{{ratio: 100%}}]
{COUNTED}
""",
        COUNTERS,
    )
    person = Person(plan)
    assert [2000 - person.visit(2000) // 100 for _ in range(9)] == [1000, 900, 800, 700, 600, 500, 400, 300, 300]
    poor = Person(plan)
    lines = [2000 - poor.visit(2000, person__identities=frozenset({"低保"})) // 100 for _ in range(4)]
    assert lines == [500, 400, 300, 300]


def test_nth_factor_with_a_yearly_cap_on_the_sum() -> None:
    """SHP-10: 2,000, half from the second stay on, 3,000 a year at most."""
    plan = plan_of(
        f"""
deductible:
  amount: 2000
  nth: {{counts: year.admissions, factors: [100%, 50%]}}
  sum_caps: [{{on: deductible, per: year, amount: 2500, counts: year.deductible}}]
bands: [{{ratio: 100%}}]
{COUNTED}
""",
        COUNTERS,
    )
    person = Person(plan)
    assert [5000 - person.visit(5000) // 100 for _ in range(3)] == [2000, 500, 0]


def test_deductible_as_a_share_of_the_bill() -> None:
    """SHP-11: 20 % of the total, at least 2,000."""
    plan = plan_of('deductible: {amount: "max(2000元, share(bill.total, 20%))"}\nbands: [{ratio: 50%}]')
    assert Person(plan).visit(5000) == yuan("1500")
    assert Person(plan).visit(50_000) == yuan("20000")


def test_waived_and_fixed_deductible() -> None:
    plan = plan_of(
        """
deductible:
  amount: 600
  adjust:
    - {set: 0, when: visit.emergency}
    - {add: -200, when: visit.chinese_medicine}
    - {at_least: 450, when: visit.chinese_medicine}
bands: [{ratio: 100%}]
"""
    )
    assert Person(plan).visit(1000) == yuan("400")
    assert Person(plan).visit(1000, visit__emergency=True) == yuan("1000")
    assert Person(plan).visit(1000, visit__chinese_medicine=True) == yuan("550")


def test_a_deductible_never_falls_below_nothing() -> None:
    """SHP-54: 200 less than the level's line, where the line is 100."""
    plan = plan_of("deductible: {amount: 100, adjust: [{add: -200, when: visit.emergency}]}\nbands: [{ratio: 50%}]")
    person = Person(plan)
    assert person.visit(1000, visit__emergency=True) == yuan("500")
    assert person.last.burden["deductible"] == 0


def test_whole_amount_bracket() -> None:
    """SHP-17: the whole amount takes the ratio of the bracket in which it lies; an edge belongs to the lower one."""
    plan = plan_of(
        """
bands:
  whole_amount: true
  tiers: [{to: 100000, ratio: 50%}, {to: 200000, ratio: 60%}, {ratio: 70%}]
"""
    )
    assert Person(plan).visit(100_000) == yuan("50000")
    assert Person(plan).visit("100000.01") == yuan("60000.01")
    assert Person(plan).visit(200_001) == yuan("140000.70")


def test_band_that_takes_no_adjustment() -> None:
    """SHP-18: students + 10 points, but above 100,000 it is 90 % for everybody."""
    plan = plan_of(
        """
bands: [{to: 10000, ratio: 80%}, {to: 100000, ratio: 85%}, {ratio: 90%, fixed: true}]
adjust: [{add: 10pp, when: person.type == 大学生}]
"""
    )
    assert Person(plan).visit(200_000, person__type="居民") == yuan("8000") + yuan("76500") + yuan("90000")
    assert Person(plan).visit(200_000, person__type="大学生") == yuan("9000") + yuan("85500") + yuan("90000")


def test_points_and_percent_are_different() -> None:
    """SHP-49: minus 10 points (65 → 55) and times 90 % (65 → 58.5), in the order written, with bounds."""
    layer = "bands: [{{ratio: 65%}}]\nadjust: [{adjust}]"
    assert Person(plan_of(layer.format(adjust="{add: -10pp}"))).visit(100) == yuan("55")
    assert Person(plan_of(layer.format(adjust="{times: 90%}"))).visit(100) == yuan("58.50")
    assert Person(plan_of(layer.format(adjust="{add: -10pp}, {times: 90%}"))).visit(100) == yuan("49.50")
    assert Person(plan_of(layer.format(adjust="{times: 90%}, {add: -10pp}"))).visit(100) == yuan("48.50")
    assert Person(plan_of(layer.format(adjust="{add: -40pp}, {at_least: 45%}"))).visit(100) == yuan("45")
    assert Person(plan_of(layer.format(adjust="{add: 50pp}, {at_most: 90%}"))).visit(100) == yuan("90")
    assert Person(plan_of(layer.format(adjust="{set: 33.3%}"))).visit(100) == yuan("33.30")
    assert Person(plan_of(layer.format(adjust="{add: -90pp}"))).visit(100) == 0


def test_limit_on_cost_and_limit_on_payment() -> None:
    """SHP-24: 3,000 of cost, or 3,000 of payment."""
    on_cost = plan_of("bands: [{ratio: 80%}]\ncaps: [{on: cost, per: year, amount: 3000, counts: year.cost}]", COUNTERS)
    person = Person(on_cost)
    assert [person.visit(2000), person.visit(2000), person.visit(1)] == [yuan("1600"), yuan("800"), 0]
    assert person.last.burden["over_cap"] == yuan("1")
    on_payment = plan_of("bands: [{ratio: 80%}]\ncaps: [{per: year, amount: 3000, counts: year.paid}]", COUNTERS)
    person = Person(on_payment)
    assert [person.visit(2000), person.visit(2000), person.visit(1)] == [yuan("1600"), yuan("1400"), 0]


def test_limit_that_grows_with_enrolment() -> None:
    """SHP-28: 100,000 up to the first year, 150,000 in the second, 200,000 from then on."""
    plan = plan_of(
        """
bands: [{ratio: 60%}]
caps:
  - amount: if person.continuous_years < 1 then 100000元 else if person.continuous_years < 2 then 150000元 else 200000元
"""
    )
    paid = [Person(plan).visit(1_000_000, person__continuous_years=years) for years in (0, 1, 2, 9)]
    assert paid == [yuan("100000"), yuan("150000"), yuan("200000"), yuan("200000")]


def test_layer_on_the_complement() -> None:
    """SHP-64: 75 % of the copay from a second fund, which takes it out of the copay."""
    plan = plan_of(
        "bands: [{ratio: 75%}]",
        more='- {id: second, title: 补助, pays_from: "330100", base: [copay], cite: 二, bands: [{ratio: 75%}]}\n',
    )
    person = Person(plan)
    assert person.visit(1000) == yuan("750")
    assert person.last.paid("second") == yuan("187.50")
    assert person.last.burden["copay"] == yuan("62.50")


def test_rounding_is_named() -> None:
    assert Person(plan_of("bands: [{ratio: 50%}]")).visit("0.01") == 1
    assert Person(plan_of("rounding: trunc\nbands: [{ratio: 50%}]")).visit("0.01") == 0
    assert Person(plan_of("bands: [{ratio: 33.333%}]")).visit("100.00") == yuan("33.33")


def test_table_by_a_yes_no_fact_with_else() -> None:
    plan = plan_of(
        "bands: [{ratio: {by: [visit.emergency, visit.level], 是: {else: 90%}, 否: {三级: 50%, else: 60%}}}]"
    )
    assert Person(plan).visit(100, visit__level="三级", visit__emergency=True) == yuan("90")
    assert Person(plan).visit(100, visit__level="三级") == yuan("50")
    assert Person(plan).visit(100, visit__level="一级") == yuan("60")


def test_unknown_cell_refuses_only_where_it_is_needed() -> None:
    from tongchou.kernel.rejection import Rejection

    plan = plan_of("bands: [{ratio: {by: visit.where, 本市: 60%, 异地: null, note: 文件未给出异地比例}}]")
    assert Person(plan).visit(100, visit__where="本市") == yuan("60")
    assert Person(plan).visit(0, visit__where="异地") == 0
    with pytest.raises(Rejection) as refused:
        Person(plan).visit(1, visit__where="异地")
    assert refused.value.code == "POL-022"
    assert "文件未给出异地比例" in refused.value.message


def test_gross_bands_without_counter() -> None:
    """SHP-15: the band edges count the deductible in."""
    plan = plan_of(
        """
deductible: {amount: 10000}
bands: {measure: gross, tiers: [{to: 30000, ratio: 50%}, {ratio: 60%}]}
"""
    )
    person = Person(plan)
    assert person.visit(40_000) == yuan("16000")  # 20,000 × 50 % + 10,000 × 60 %
    assert person.last.ratio_of("pool") == Rate.parse("50%")
