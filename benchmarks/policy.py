"""One inpatient claim through all layers of the demo city's residents' scheme: with and without trace; zen-engine beside it."""

from __future__ import annotations

from datetime import date

import numpy as np

from benchmarks.beside import measured_beside
from benchmarks.engines.claims import Claims
from benchmarks.harness import Context, Row, rate_of, thousands
from benchmarks.policy_arrays import by_hand, wrong
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
    return rows + _beside(nanoseconds)


def _beside(ours: int) -> list[Row]:
    """zen-engine on the table of the same policy, and on its three layers; how often it is wrong."""
    chance = np.random.default_rng(20_261_122)
    size = 20_000
    level, student, years = (chance.integers(0, top, size) for top in (3, 2, 12))
    claims = Claims(np.floor(chance.lognormal(13.6, 1.1, size)) + 1, level, student, years, chance.random(size) < 0.2)
    rows = []
    for other in measured_beside(claims, "zen"):
        if other.missing:
            rows.append(Row(other.name, "not measured", "", "", other.missing))
            continue
        each = other.nanoseconds // other.claims
        rows.append(
            Row(other.name, f"{each / 1000:.1f}", "µs each", "", f"ours with trace is {each // ours} times as fast")
        )
        if other.columns:
            rows.append(
                Row(
                    other.name,
                    thousands(wrong(list(other.columns), by_hand(claims))),
                    "claims wrong by a fen",
                    "",
                    f"of {thousands(size)}",
                )
            )
    return rows
