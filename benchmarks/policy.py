"""One inpatient claim through all layers of the demo city's residents' scheme: with and without trace."""

from __future__ import annotations

from datetime import date

from benchmarks.harness import Context, Row, rate_of, thousands
from tongchou.policy import Bill, PolicyBook, default_pack_directory

DAY = date(2026, 6, 1)
FACTS: dict[str, object] = {
    "person.age": 46,
    "person.sex": "男",
    "person.type": "居民",
    "person.identities": frozenset(),
    "person.continuous_years": 4,
    "person.diseases": frozenset(),
    "person.civil_servant": False,
    "visit.kind": "住院",
    "visit.level": "三级",
    "visit.where": "本市",
    "visit.chinese_medicine": False,
    "visit.emergency": False,
    "visit.referral": "无",
    "visit.date": DAY,
    "visit.days": 9,
    "visit.disease": "",
    "visit.liable_person": False,
    "visit.exclusion": "无",
}
BILL = Bill(out_of_scope=812_35, over_limit=120_00, prior_self_pay=1_433_20, in_scope=41_276_81)
BEFORE = {"year.inpatient_cost:390": 6_210_50}


def measure(context: Context) -> list[Row]:
    """Needs no database."""
    plan = PolicyBook.load(default_pack_directory()).plan(area="629900", scheme="390", benefit="住院", on=DAY)
    if not plan.evaluate(FACTS, BILL, BEFORE).fund_pay:
        raise RuntimeError("the claim that is measured must be paid for")
    rows = []
    layers = f"{len(plan.layers)} layers, facts checked and encoded; one processor's time"
    for what, call, aim in (
        ("evaluation of an inpatient claim", lambda: plan.evaluate(FACTS, BILL, BEFORE), 2_000),
        ("the same with trace", lambda: plan.trace(FACTS, BILL, BEFORE), 10_000),
    ):
        per_second = rate_of(call)
        nanoseconds = 1_000_000_000 // per_second
        rows.append(Row(what, thousands(per_second), "claims/s", note=layers))
        rows.append(Row(what, f"{nanoseconds / 1000:.2f}", "µs each", f"≤ {aim // 1000}"))
    return rows
