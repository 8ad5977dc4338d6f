"""The explanation of a stored settlement: its plan is found again, in the packs of today or in the archive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from tongchou.kernel.rejection import Rejection
from tongchou.policy import AccumulatorSpec, Bill, ExplainedStep, Plan, PolicyBook
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.settlement import planning
from tongchou.settlement.core.facts import restored
from tongchou.settlement.core.views import EarlierYear
from tongchou.settlement.database import run

KEPT_PLANS = 64


def explain(
    *,
    plan_id: str,
    package: str,
    values: Sequence[int],
    facts: Mapping[str, Any],
    bill: Bill,
    accumulators: Mapping[str, int],
    earlier_years: Sequence[EarlierYear] = (),
) -> list[ExplainedStep]:
    """The steps of a settlement in the order of the computation, rendered from what is stored; nothing is computed again.

    Args:
        plan_id, package, values, facts, accumulators: as stored with the settlement.
        bill: its four components in fen.
        earlier_years: of a stay that the policy divides; their steps come first, each year under a heading.

    Raises:
        Rejection: POL-003 neither the packs of today nor the archive hold the plan.
    """
    plan = plan_of(plan_id=plan_id, package=package)
    if not earlier_years:
        return plan.explain(tuple(values), restored(facts), bill, accumulators)
    steps: list[ExplainedStep] = []
    rest = bill
    for year in earlier_years:
        own = Bill(year.out_of_scope, year.over_limit, year.prior_self_pay, year.in_scope)
        rest = Bill(*(whole - part for whole, part in zip(rest, own, strict=True)))
        then = plan_of(plan_id=year.plan, package=year.package)
        steps.append(_heading(f"费用发生在 {year.since} 至 {year.until}", own, then))
        steps += then.explain(year.values, restored(year.facts), own, year.accumulators_before)
    last, since = restored(facts), earlier_years[-1].until + timedelta(days=1)
    steps.append(_heading(f"费用发生在 {since} 至 {last['visit.date']}", rest, plan))
    steps += plan.explain(tuple(values), last, rest, accumulators)
    return [replace(step, no=number) for number, step in enumerate(steps, start=1)]


def _heading(days: str, bill: Bill, plan: Plan) -> ExplainedStep:
    """The step that begins a year of a divided stay: which costs are decided by which version."""
    return ExplainedStep(
        no=0,
        title="按费用发生日期划分年度",
        formula=days,
        substituted=f"适用自 {plan.version_from} 起的规定",
        amount_exact="",
        amount=bill.total,
        fund="",
        citation=plan.title,
        layer="",
    )


def plan_of(*, plan_id: str, package: str) -> Plan:
    """The plan that a settlement was made with.

    Raises:
        Rejection: POL-003 see :func:`explain`.
    """
    try:
        return planning.book().plan_by_id(plan_id)
    except Rejection:
        archived = _archived(plan_id, package)
        if archived is None:
            raise
        return archived


def counters(*, area: str, scheme: str, on: date) -> dict[str, AccumulatorSpec]:
    """The counters that the scheme's policy declares on a day, by name: their Chinese titles and units."""
    return _counters(planning.book(), area, scheme, on)


@lru_cache(maxsize=KEPT_PLANS)
def _counters(book: PolicyBook, area: str, scheme: str, on: date) -> dict[str, AccumulatorSpec]:
    """Kept for the book: a publication brings another one."""
    try:
        benefits = book.benefits(area=area, scheme=scheme, on=on)
    except Rejection:
        return {}
    plans = [book.plan(area=area, scheme=scheme, benefit=benefit, on=on) for benefit in benefits]
    return {spec.name: spec for plan in plans for spec in plan.accumulators}


@lru_cache(maxsize=KEPT_PLANS)
def _archived(plan_id: str, package: str) -> Plan | None:
    found = run("SELECT content FROM settlement_policypackage WHERE hash = %s", (package,))
    if not found:
        return None
    packs = json.loads(found[0][0])["packs"]
    trees = [parse_yaml(json.dumps(pack, ensure_ascii=False), f"存档 {package[:12]}") for pack in packs]
    book = PolicyBook([tree for tree in trees if isinstance(tree, Map)])
    head, _, _ = plan_id.partition("#")
    where, _, rest = head.partition("@")
    area, scheme, benefit = where.split("/")
    day, _, chosen = rest.partition("?")
    plan = book.plan_of(
        tuple(book.packs), benefit=benefit, on=date.fromisoformat(day), area=area, scheme=scheme,
        readings=dict(pair.split("=") for pair in chosen.split("&") if pair),
    )  # fmt: skip
    return plan if plan.package_hash == package else None
