"""The eighty shapes and those added since: each is a pack without a line of Python, checked, its cases worked out by hand, its plans sound."""

from __future__ import annotations

import argparse
import re
from datetime import date
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden.test_policy_mutation import rule_mutants
from tests.unit.policy import test_arrays
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Plan, PolicyBook, PolicyErrors, cli, default_pack_directory
from tongchou.policy.caseread import Case, read_case_file
from tongchou.policy.cases import run_case
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_cases, read_packs
from tongchou.policy.nodes import Map, canonical, parse_yaml
from tongchou.policy.shapes import page, page_file, read_shapes

SHAPES = default_pack_directory() / "shapes"
CASES = [case for tree in read_cases(SHAPES) for case in read_case_file(tree)]
NUMBERS = [f"SHP-{number:02}" for number in range(1, 81)] + ["SHP-81", "SHP-82", "SHP-83", "SHP-84", "SHP-85"]


@cache
def shape_book() -> PolicyBook:
    """All shapes, each as a pack of its own."""
    return PolicyBook(read_packs(SHAPES))


def test_every_shape_is_a_sound_pack() -> None:
    assert check_book(shape_book()) == []


@pytest.mark.requirement("R0.21", "R0.49", "R0.50")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case_of_a_shape(case: Case) -> None:
    assert run_case(shape_book(), case).failures == ()


@pytest.mark.parametrize("shape", NUMBERS)
def test_every_shape_has_a_pack_and_a_case_with_its_arithmetic(shape: str) -> None:
    assert shape.lower() in shape_book().packs
    own = [case for case in CASES if case.id.startswith(f"{shape}-")]
    assert own
    assert all(case.arithmetic and any(step.expect for step in case.steps) for case in own)


def test_every_reading_of_a_shape_has_a_case() -> None:
    readings = {
        (entry.id, reading)
        for versions in shape_book().packs.values()
        for version in versions
        for entry in version.ambiguities
        for reading in entry.readings
        if reading != entry.adopted
    }
    assert readings == {pair for case in CASES for pair in case.readings.items()}


def test_shapes_are_examples_and_in_force_nowhere() -> None:
    assert not [tree.file for tree in read_packs(default_pack_directory()) if "SHP-" in tree.file]


def test_the_page_of_shapes_is_current() -> None:
    """After a change of a shape: ``tongchou policy shapes --write``."""
    directory = default_pack_directory()
    assert page_file(directory).read_text("utf-8") == page(shape_book(), read_shapes(directory))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_result_is_explained_in_chinese(case: Case) -> None:
    """Steps with citations, no name of the language left in them, and their funds add up to what was paid."""
    result = run_case(shape_book(), case)
    for visit in result.visits:
        steps = visit.explain()
        assert all(step.citation for step in steps)
        for step in steps:
            assert not re.search(r"[a-z]+\.[a-z_]+|\b(?:layer|share|positive|prorate)\b", step.formula), step.formula
        funded = sum(step.amount or 0 for step in steps if step.fund)
        assert funded == visit.outcome.fund_pay + visit.outcome.account_pay
    for value in result.values:
        assert value.citation
        assert not re.search(r"[a-z_]{3,}", value.text()), value.text()


def test_no_number_of_a_shape_stands_untested() -> None:
    """Change any number of a rule by one unit: a case of the shape fails, or the checker objects."""
    trees = read_packs(SHAPES)
    survivors = []
    for tree in trees:
        name = tree.entries["pack"]
        others = [other for other in trees if other is not tree and canonical(other.entries["pack"]) == canonical(name)]
        own = [case for case in CASES if case.id.lower().startswith(f"{canonical(name)}-")]
        survivors += [what for what, mutant in rule_mutants(tree) if stands([*others, mutant], own)]
    assert survivors == []


def stands(trees: list[Map], cases: list[Case]) -> bool:
    """Whether packs are sound and all cases pass."""
    try:
        book = PolicyBook(trees)
        return not book.findings and not any(run_case(book, case).failures for case in cases) and not check_book(book)
    except PolicyErrors:
        return False


# -- arrays -------------------------------------------------------------------------------------------------------------


@cache
def shape_plans() -> tuple[Plan, ...]:
    """Every benefit of every version of every shape."""
    book = shape_book()
    plans: dict[str, Plan] = {}
    for name, versions in book.packs.items():
        for version in versions:
            for entry in version.pack.benefits:
                for benefit in entry.names:
                    plan = book.plan_of([name], benefit=benefit, on=version.pack.start)
                    plans[plan.id] = plan
    return tuple(plans.values())


@pytest.mark.slow
@pytest.mark.parametrize("plan", shape_plans(), ids=lambda plan: plan.id.partition("#")[0])
def test_arrays_of_claims_give_the_same_fen(plan: Plan) -> None:
    test_arrays.test_columns_equal_the_single_claim(plan)


# -- an oracle for the operator that inverts payment to cost ------------------------------------------------------------


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def putian(cost: int, paid: int, ratios: tuple[Fraction, Fraction]) -> int:
    """SHP-05 from the document, in fractions of a fen: how much cost fits below a payment of 50,000, then the rest."""
    room = max(0, 5_000_000 - paid)
    below = min(Fraction(cost), room / ratios[0])
    return min(half_up(below * ratios[0] + (cost - below) * ratios[1]), max(0, 9_000_000 - paid))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 20_000_000),
    st.one_of(st.integers(0, 9_500_000), st.sampled_from([4_999_999, 5_000_000, 5_000_001])),
    st.booleans(),
)
def test_bands_on_the_payment_agree_with_the_oracle(cost: int, paid: int, retired: bool) -> None:
    plan = shape_book().plan_of(["shp-05"], benefit="住院", on=date(2024, 6, 1))
    facts = {"person.type": "退休" if retired else "在职", "visit.level": "三级"}
    counters = {"year.paid:310": paid, "year.admissions:310": 3}  # from the fourth stay on there is no deductible
    ratios = (Fraction(90, 100), Fraction(95, 100)) if retired else (Fraction(85, 100), Fraction(90, 100))
    assert plan.evaluate(facts, Bill(in_scope=cost), counters).fund_pay == putian(cost, paid, ratios)


def test_a_part_that_no_layer_names_stays_with_the_rest() -> None:
    text = (SHAPES / "SHP-43.yaml").read_text("utf-8")
    ordinary = """
  - name: 普通门诊
    cite: 门诊
    layers: [{id: pool, title: 统筹基金, pays_from: "310100", base: [in_scope], bands: [{ratio: 50%}]}]
"""
    tree = parse_yaml(text.rstrip() + ordinary, "pack.yaml")
    assert isinstance(tree, Map)
    book = PolicyBook([tree])
    assert check_book(book) == []
    plan = book.plan_of(["shp-43"], benefit="普通门诊", on=date(2024, 6, 1))
    assert plan.evaluate({}, Bill(in_scope=1000), {}).fund_pay == 500


@pytest.mark.parametrize(("action", "said"), [("check", f"政策包{len(NUMBERS)}个"), ("test", "不符0个")])
def test_the_shapes_at_the_terminal(action: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    assert cli.run(parser.parse_args(["policy", action, str(SHAPES)])) == 0
    assert said in capsys.readouterr().out


def test_parts_larger_than_the_bill_are_refused() -> None:
    plan = shape_book().plan_of(["shp-43"], benefit="住院", on=date(2024, 6, 1))
    with pytest.raises(Rejection) as refused:
        plan.evaluate({"person.type": "在职", "bill.negotiated": 101}, Bill(in_scope=100), {})
    assert refused.value.code == "POL-011"
    assert "国谈药" in refused.value.message
