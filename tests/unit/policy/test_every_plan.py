"""What must hold for every plan of every pack and every shape, whatever the person, the bill and the year before."""

from __future__ import annotations

import ast
import random
from collections import Counter

import pytest

from tests.unit.policy.every_plan import Known, every_group, every_plan, visit, yearly_limits
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Outcome, Plan
from tongchou.policy.claimcode import claim_source

PLANS = every_plan()
GROUPS = every_group()
INTEGER_CODE = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.Tuple, ast.Name, ast.Load, ast.Store,
    ast.Constant, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.BitAnd, ast.UnaryOp, ast.USub, ast.Not,
    ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.IfExp,
    ast.Subscript, ast.Call,
)  # fmt: skip
TRIES = 12
"""Random visits or years for each plan and property: others for each plan, the same in every run."""

every = pytest.mark.parametrize("known", PLANS, ids=[known.id for known in PLANS])


def chances(known: Known, what: str, tries: int = TRIES) -> list[random.Random]:
    return [random.Random(f"{known.id} {what} {number}") for number in range(tries)]


def decided(plan: Plan, facts: dict[str, object], bill: Bill, used: dict[str, int], balance: int = 0) -> Outcome | None:
    """The outcome; nothing where the policy itself refuses. Any other refusal is a mistake."""
    try:
        return plan.trace(facts, bill, used, balance)
    except Rejection as refusal:
        if refusal.code not in {"POL-020", "POL-021", "POL-022"}:
            raise
        return None


def balanced(outcome: Outcome, bill: Bill, balance: int) -> None:
    """Funds and burden make up the bill, account and cash make up the burden, nothing is negative."""
    amounts = [payment.amount for payment in outcome.payments]
    assert sum(amounts) + sum(outcome.burden.values()) == bill.total
    assert min((*amounts, *outcome.burden.values(), outcome.account_pay, outcome.cash_pay)) >= 0
    assert outcome.account_pay + outcome.cash_pay == sum(outcome.burden.values())
    assert outcome.account_pay <= balance


def year(known: Known, chance: random.Random) -> list[tuple[dict[str, object], Bill, int, dict[str, int], Outcome]]:
    """Up to five visits one after the other that the policy does not refuse, with the counters before each."""
    used: Counter[str] = Counter()
    visits = []
    for _ in range(5):
        facts, bill, balance = visit(known.plan, chance)
        before = dict(used)
        outcome = decided(known.plan, facts, bill, before, balance)
        if outcome is not None:
            visits.append((facts, bill, balance, before, outcome))
            used.update(outcome.accumulator_delta)
    return visits


def test_there_are_plans_of_every_pack_and_shape() -> None:
    assert len(PLANS) >= 180
    names = {name for known in PLANS for name in known.id.partition("/")[0].split("+")}
    assert sum(name.startswith("shp-") for name in names) >= 65
    assert {known.plan.benefit for known in PLANS} >= {
        "住院", "门诊特殊病", "儿童意外门诊", "普通门诊", "药店购药", "门诊大病", "门诊慢性病",
    }  # fmt: skip


@every
def test_most_random_visits_are_decided(known: Known) -> None:
    """Otherwise the properties below would hold of nothing. (A benefit of one class of five refuses four visits of five.)"""
    assert sum(len(year(known, chance)) for chance in chances(known, "decided")) >= TRIES // 4, known.id


@pytest.mark.requirement("R1.3.09")
@every
def test_every_fen_is_paid_once_after_every_layer(known: Known) -> None:
    """The plan with its first layers only pays what these layers pay in the whole plan, and its amounts add up."""
    steps = [known.first(count) for count in range(len(known.layers) + 1)]
    for chance in chances(known, "layers"):
        for facts, bill, balance, before, outcome in year(known, chance):
            balanced(outcome, bill, balance)
            for count, plan in enumerate(steps):
                part = plan.evaluate(facts, bill, before, balance)
                balanced(part, bill, balance)
                assert part.payments[:count] == outcome.payments[:count]
                assert not any(payment.amount for payment in part.payments[count:])


@every
def test_what_no_layer_counts_no_fund_pays(known: Known) -> None:
    """A component that no layer has in its base, and no rule moves, stays with the person as the bill has it."""
    touched = {name for layer in known.layers for name in layer.base}
    touched |= {name for _, entry in known.entries for move in entry.moves for name in (move.of, move.to)}
    touched |= {cap.rest_to for layer in known.layers for cap in layer.caps}
    for chance in chances(known, "components"):
        for _, bill, _, _, outcome in year(known, chance):
            for name in ("out_of_scope", "over_limit", "prior_self_pay"):
                assert name in touched or outcome.burden[name] == getattr(bill, name)


@every
def test_one_text_for_all_uses(known: Known) -> None:
    """With and without trace the same; the explanation's funds are what was paid; the waterfall ends at the cash."""
    for chance in chances(known, "uses", 3):
        for facts, bill, balance, before, outcome in year(known, chance):
            assert outcome == known.plan.evaluate(facts, bill, before, balance)
            steps = known.plan.explain(outcome.values, facts, bill, before)
            assert [step.no for step in steps] == list(range(1, len(steps) + 1))
            assert sum(step.amount or 0 for step in steps if step.fund) == outcome.fund_pay + outcome.account_pay
            assert (
                sum(amount for _, amount, kind in known.plan.waterfall(outcome) if kind != "cash") == outcome.cash_pay
            )


@every
def test_the_code_is_a_closed_set_of_operators_on_whole_numbers(known: Known) -> None:
    """Nothing that could not run over arrays; every name set once; the same statements wherever a claim is computed."""
    program = known.plan.program
    for node in ast.walk(ast.parse(known.plan.source)):
        assert isinstance(node, INTEGER_CODE), ast.dump(node)
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            assert node.func.id in {"min", "max"}
        if isinstance(node, ast.Constant):
            assert type(node.value) is int
    names = [line.partition(" = ")[0] for line in program.body]
    assert len(names) == len(set(names))
    assert not set(names) & {"min", "max"}
    body = "".join(f"    {line}\n" for line in program.body)
    _, decide, trace = claim_source(program).split("\n\n")
    assert all(body in text for text in (known.plan.source, decide, trace))


@every
def test_the_arithmetic_is_exact_in_double_lanes(known: Known) -> None:
    """Amounts carried as float64 give the same fen, up to ten million yuan at least; arrays carry them so."""
    assert 2 * 10**9 * known.plan.program.max_scale < 2**53
    integers, whole = known.plan.integer_function(), len(known.plan.facts)
    for chance in chances(known, "lanes"):
        facts, bill, balance = visit(known.plan, chance)
        arguments = known.plan.encode(facts, bill, {spec.name: 12_345 for spec in known.plan.accumulators}, balance)
        assert integers(*arguments[:whole], *(float(amount) for amount in arguments[whole:])) == integers(*arguments)


@pytest.mark.requirement("R1.3.09")
@every
def test_reversal_in_any_order_is_exact(known: Known) -> None:
    """Counters only grow; taking visits back, in any order, gives each time what the others alone have added, at last nothing."""
    for chance in chances(known, "reversal"):
        deltas = [outcome.accumulator_delta for *_, outcome in year(known, chance)]
        assert all(amount > 0 for delta in deltas for amount in delta.values())
        used = Counter({name: sum(delta.get(name, 0) for delta in deltas) for delta in deltas for name in delta})
        chance.shuffle(deltas)
        while deltas:
            used.subtract(deltas.pop())
            assert used == Counter({name: sum(delta.get(name, 0) for delta in deltas) for name in used})
        assert not any(used.values())


@pytest.mark.requirement("R1.3.12", "R1.3.13")
@pytest.mark.parametrize("group", GROUPS, ids=[group[0].id for group in GROUPS])
def test_limits_of_the_year_hold_in_any_order(group: tuple[Known, ...]) -> None:
    """Visits of all benefits in any order, some taken back: no counter passes the limit that its document writes."""
    limits = yearly_limits(group[0])
    for chance in chances(group[0], "limits"):
        used: Counter[str] = Counter()
        done: list[dict[str, int]] = []
        for _ in range(8):
            known = chance.choice(group)
            facts, bill, balance = visit(known.plan, chance)
            outcome = decided(known.plan, facts, bill, used, balance)
            if outcome is None:
                continue
            done.append(outcome.accumulator_delta)
            used.update(done[-1])
            if chance.random() < 0.3:
                used.subtract(done.pop(chance.randrange(len(done))))
            for name, limit in limits.items():
                assert 0 <= used[name] <= limit, (known.id, name)


WRITTEN = {
    "employee-account+gansu-city+changsha-cii": {
        "year.pool_paid:390100": 1_500_000,
        "year.inpatient_cost:390": 2_800_000,
        "year.large_paid:330100": 1_500_000,
        "year.special_paid:390100": 1_000_000,
        "year.cii_paid:390200": 20_000_000,
    },
    "shp-05": {"year.paid:310": 9_000_000},
    "shp-10": {"year.deductible:310": 300_000},
    "shp-26": {"year.extra:330100": 40_000_000},
    "shp-46": {"year.drug_paid": 40_000_000, "year.rare_paid": 90_000_000, "year.own_paid": 50_000_000},
    "shp-66": {"year.aid": 10_000_000, "year.aid_outpatient": 1_000_000, "year.aid_inpatient": 9_000_000},
}
"""Limits as the documents write them, in fen, so that the ones above are not read wrongly from the packs."""


@pytest.mark.parametrize("chain", WRITTEN)
def test_limits_are_those_of_the_documents(chain: str) -> None:
    found: dict[str, int] = {}
    for group in GROUPS:
        if group[0].id.startswith(f"{chain}/"):
            found |= yearly_limits(group[0])
    assert found.items() >= WRITTEN[chain].items()


def test_most_chains_have_limits() -> None:
    assert sum(bool(yearly_limits(group[0])) for group in GROUPS) >= 50


FALLS = {
    "shp-17/-/住院@2024-01-01": "the whole amount takes the ratio of its band: a fen more may be the higher ratio for all of it",
}
"""Plans under which the person may carry less of a larger bill, and why."""


def test_what_falls_does_fall() -> None:
    for known in PLANS:
        if known.id in FALLS:
            one = known.plan.evaluate({}, Bill(in_scope=10_000_000), {})
            other = known.plan.evaluate({}, Bill(in_scope=10_000_001), {})
            assert other.person_pay < one.person_pay
    assert {known.id for known in PLANS} >= set(FALLS)


@every
def test_more_eligible_cost_never_pays_less(known: Known) -> None:
    """Payments and the person's part both grow with the eligible cost of one visit."""
    for chance in chances(known, "monotone", 80):
        facts, bill, balance = visit(known.plan, chance)
        more = chance.choice((1, chance.randrange(1, 3_000_000)))
        one = decided(known.plan, facts, bill, {}, balance)
        other = decided(known.plan, facts, bill._replace(in_scope=bill.in_scope + more), {}, balance)
        if one is None or other is None:
            continue
        assert other.fund_pay >= one.fund_pay
        if known.id not in FALLS:
            assert other.person_pay >= one.person_pay - len(known.layers)  # each layer rounds half a fen of its own
