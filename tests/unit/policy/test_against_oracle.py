"""Random years of random bills: the engine and the oracle in fractions agree to the fen, visit after visit."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy import oracle
from tongchou.policy import Bill, PolicyBook

LEVELS = {1: "一级", 2: "二级", 3: "三级"}
FEN = st.one_of(
    st.integers(0, 300_000),
    st.integers(0, 6_000_000),
    st.sampled_from([0, 9_999, 10_000, 10_001, 2_800_000, 2_800_001]),
)
BIG = st.one_of(FEN, st.integers(0, 60_000_000))
VISIT = st.fixed_dictionaries(
    {"level": st.sampled_from([1, 2, 3]), "away": st.booleans(), "in_scope": BIG, "prior": FEN, "out": FEN, "over": FEN}
)
RESIDENT = st.fixed_dictionaries({"student": st.booleans(), "years": st.integers(0, 12), "low_income": st.booleans()})
EMPLOYEE = st.fixed_dictionaries({"retired": st.booleans(), "tcm": st.booleans()})


def bill_of(visit: dict[str, int]) -> Bill:
    return Bill(visit["out"], visit["over"], visit["prior"], visit["in_scope"])


def yuan(visit: dict[str, int]) -> dict[str, Fraction]:
    names = {"out_of_scope": "out", "over_limit": "over", "prior_self_pay": "prior", "in_scope": "in_scope"}
    return {name: Fraction(visit[key], 100) for name, key in names.items()}


def add(counters: dict[str, int], delta: dict[str, int]) -> None:
    for name, amount in delta.items():
        counters[name] = counters.get(name, 0) + amount


@pytest.mark.requirement("R1.3.07", "R1.3.08", "R1.3.09", "R1.3.13")
@settings(max_examples=200, deadline=None)
@given(person=RESIDENT, visits=st.lists(st.tuples(st.booleans(), VISIT), min_size=1, max_size=6))
def test_resident_year(book: PolicyBook, person: dict[str, object], visits: list[tuple[bool, dict[str, int]]]) -> None:
    """Inpatient stays and special outpatient visits of one resident, critical illness insurance behind them."""
    year, counters = oracle.Year(), {}
    for special, visit in visits:
        plan = book.plan(area="629900", scheme="390", benefit="门诊特殊病" if special else "住院", on=date(2026, 5, 1))
        facts = {
            "person.type": "大学生" if person["student"] else "居民",
            "person.continuous_years": person["years"],
            "person.identities": frozenset({"低保"} if person["low_income"] else set()),
            "visit.level": LEVELS[visit["level"]],
            "visit.where": "异地" if visit["away"] else "本市",
            "visit.disease": "M00503",
        }
        outcome = plan.evaluate(facts, bill_of(visit), counters)
        settle = oracle.gansu_special if special else oracle.gansu_inpatient
        expected = settle(year, yuan(visit), {**person, **visit})
        assert [Fraction(p.amount, 100) for p in outcome.payments] == expected.funds
        assert Fraction(outcome.person_pay, 100) == expected.person
        add(counters, outcome.accumulator_delta)


@pytest.mark.requirement("R0.49")
@settings(max_examples=200, deadline=None)
@given(person=EMPLOYEE, visits=st.lists(st.tuples(VISIT, FEN), min_size=1, max_size=6))
def test_employee_stays(book: PolicyBook, person: dict[str, bool], visits: list[tuple[dict[str, int], int]]) -> None:
    year, counters = oracle.Year(), {}
    plan = book.plan(area="629900", scheme="310", benefit="住院", on=date(2026, 5, 1))
    for visit, balance in visits:
        facts = {
            "person.type": "退休" if person["retired"] else "在职",
            "visit.level": LEVELS[visit["level"]],
            "visit.chinese_medicine": person["tcm"],
        }
        outcome = plan.evaluate(facts, bill_of(visit), counters, balance)
        expected = oracle.qingdao_inpatient(year, yuan(visit), {**person, **visit}, Fraction(balance, 100))
        assert [Fraction(p.amount, 100) for p in outcome.payments] == expected.funds
        assert Fraction(outcome.person_pay, 100) == expected.person
        assert Fraction(outcome.account_pay, 100) == expected.account
        add(counters, outcome.accumulator_delta)


@pytest.mark.requirement("R0.49", "R0.50")
@settings(max_examples=200, deadline=None)
@given(
    person=EMPLOYEE,
    visits=st.lists(
        st.tuples(st.sampled_from([date(2023, 3, 1), date(2023, 4, 9), date(2023, 4, 10)]), VISIT, FEN),
        min_size=1,
        max_size=6,
    ),
)
def test_employee_outpatient_over_a_change_of_policy(
    book: PolicyBook, person: dict[str, bool], visits: list[tuple[date, dict[str, int], int]]
) -> None:
    year, counters = oracle.Year(), {}
    for day, visit, balance in sorted(visits, key=lambda entry: entry[0]):
        plan = book.plan(area="629900", scheme="310", benefit="普通门诊", on=day)
        facts = {"person.type": "退休" if person["retired"] else "灵活就业", "visit.level": LEVELS[visit["level"]]}
        outcome = plan.evaluate(facts, bill_of(visit), counters, balance)
        expected = oracle.wuhan_outpatient(
            year, yuan(visit), {**person, **visit}, Fraction(balance, 100), reformed=day >= date(2023, 4, 10)
        )
        assert [Fraction(p.amount, 100) for p in outcome.payments] == expected.funds
        assert Fraction(outcome.person_pay, 100) == expected.person
        assert Fraction(outcome.account_pay, 100) == expected.account
        add(counters, outcome.accumulator_delta)
