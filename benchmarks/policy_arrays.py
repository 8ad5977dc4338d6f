"""A million inpatient claims through three layers, as columns; a sweep of a hundred reforms; persons' years in order.

Beside ours, in the same run and on the same claims: the memory's copy bandwidth, the same three layers written by hand in
numpy on int64 (the oracle: exact whole numbers, shares no code with us), and the engines of :mod:`benchmarks.beside`. For
each engine the claims that are wrong by a fen or more are counted against the oracle.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from benchmarks.beside import measured_beside
from benchmarks.engines.claims import Claims
from benchmarks.harness import Context, Row, thousands
from tongchou.policy import Bill, Plan, PolicyBook, default_pack_directory
from tongchou.policy.arrays import column_kernel, sequence_kernel

CLAIMS = 1_000_000
GROUPS = 400
REFORMS = 100
LEVELS, TYPES = ("一级", "二级", "三级"), ("居民", "中小学生")
DAY = date(2026, 6, 1)
AIMS = {"openfisca-core, 32-bit": 25, "ttsim": 4}
"""How many times as fast ours has to be."""


def measure(context: Context) -> list[Row]:
    """Needs no database."""
    plan = PolicyBook.load(default_pack_directory()).plan(area="629900", scheme="390", benefit="住院", on=DAY)
    threads = len(os.sched_getaffinity(0))
    claims = _Claims(plan)
    paid = tuple(f"paid:{layer.id}" for layer in plan.layers)
    kernel = column_kernel(plan, ("b_in_scope",), paid)
    out = [np.empty(CLAIMS) for _ in paid]
    rows: list[Row] = []
    what = "inpatient claims as columns, 3 layers"
    for count in sorted({1, threads}):
        rate = _rate(lambda: kernel.run([claims.amount], claims.segments, out, threads=count), CLAIMS)  # noqa: B023
        rows.append(Row(what, thousands(rate), "claims/s", "≥ 100,000,000" if count > 1 else "", f"{count} threads"))
    best = rate
    oracle = by_hand(claims.columns)
    rows.append(Row(what, thousands(wrong(out, oracle)), "claims wrong by a fen", "0", "against int64 by hand"))
    copied = _rate(lambda: [np.copyto(column, claims.amount) for column in out], CLAIMS)
    rows.append(
        Row(what, f"{best / copied:.2f}", "of copying the same columns", "", "memory's own speed, 1 thread = 1.00")
    )
    rows += _compare("numpy int64 by hand", lambda: by_hand(claims.columns), oracle, best)
    rows += _beside(claims, oracle, best)
    rows += _sweep(plan, kernel, claims, threads)
    rows += _sequences(plan, claims, threads)
    return rows


class _Claims:
    """Random claims in groups of equal facts, from a fixed seed."""

    def __init__(self, plan: Plan) -> None:
        chance = np.random.default_rng(20_261_122)
        self.amount = np.floor(chance.lognormal(13.6, 1.1, CLAIMS)) + 1
        level, student, years, poor = (chance.integers(0, top, GROUPS) for top in (3, 2, 12, 5))
        self.segments = []
        for n in range(GROUPS):
            facts = {
                "visit.level": LEVELS[level[n]],
                "visit.where": "本市",
                "person.type": TYPES[student[n]],
                "person.continuous_years": int(years[n]),
                "person.identities": {"低保"} if poor[n] == 0 else set(),
            }
            encoded = plan.encode(facts, Bill(), {})[: len(plan.facts)]
            self.segments.append((encoded, CLAIMS * n // GROUPS, CLAIMS * (n + 1) // GROUPS))
        size = [after - first for _, first, after in self.segments]
        self.level, self.student = np.repeat(level, size), np.repeat(student, size)
        self.years, self.poor = np.repeat(years, size), np.repeat(poor == 0, size)

    @property
    def columns(self) -> Claims:
        """The claims without our segments, for other engines."""
        return Claims(self.amount, self.level, self.student, self.years, self.poor)


def _rate(call: Callable[[], object], items: int, runs: int = 7) -> int:
    """Items per second, the best of several runs after one to warm up."""
    call()
    best = 0
    for _ in range(runs):
        start = time.perf_counter_ns()
        call()
        best = max(best, items * 1_000_000_000 // (time.perf_counter_ns() - start))
    return best


def by_hand(claims: Claims) -> list[Any]:
    """The three layers in int64, written from the documents (GS-CITY 五(三)、五(六)、五(七); CS-CII 二(三)) without our engine."""
    eligible = claims.amount.astype(np.int64)
    counted = np.minimum(eligible, 2_800_000)
    borne = np.minimum(counted, np.array([10_000, 35_000, 60_000])[claims.level])
    bonus = np.where(claims.years >= 1, np.minimum(5, claims.years - 1), 0)
    ratio = np.array([65, 60, 55])[claims.level] + 10 * claims.student + bonus
    pool = np.minimum(((counted - borne) * ratio * 2 + 100) // 200, 1_500_000)
    large = np.minimum(((eligible - counted) * 40 * 2 + 100) // 200, 1_500_000)
    excess = np.maximum(eligible - pool - large - np.where(claims.poor, 1_000_000, 2_000_000), 0)
    edges = ((0, 3_000_000, 50), (3_000_000, 8_000_000, 60), (8_000_000, 15_000_000, 70), (15_000_000, 10**15, 80))
    exact = sum(np.clip(excess - low, 0, high - low) * percent for low, high, percent in edges)
    return [pool, large, np.minimum((exact * 2 + 100) // 200, 20_000_000)]


def wrong(columns: list[Any], oracle: list[Any]) -> int:
    """Claims of which any layer is wrong by a fen or more."""
    bad = np.zeros(len(oracle[0]), dtype=bool)
    for column, right in zip(columns, oracle, strict=True):
        bad |= np.rint(np.asarray(column, dtype=np.float64)).astype(np.int64) != right
    return int(bad.sum())


def _compare(name: str, call: Callable[[], list[Any]], oracle: list[Any], ours: int) -> list[Row]:
    rate = _rate(call, CLAIMS, runs=3)
    return [
        Row(name, thousands(rate), "claims/s", "", f"ours is {ours / rate:.0f} times as fast"),
        Row(name, thousands(wrong(call(), oracle)), "claims wrong by a fen"),
    ]


def _beside(claims: _Claims, oracle: list[Any], ours: int) -> list[Row]:
    """Other engines, their speed and how often they are wrong."""
    rows = []
    for other in measured_beside(claims.columns, "openfisca", "ttsim"):
        if other.missing:
            rows.append(Row(other.name, "not measured", "", "", other.missing))
            continue
        aim = next((aim for name, aim in AIMS.items() if other.name.startswith(name)), 0)
        note = f"ours is {ours / other.rate:.0f} times as fast" + (f" (aim: {aim})" if aim else "")
        rows.append(Row(other.name, thousands(other.rate), "claims/s", "", note))
        rows.append(Row(other.name, thousands(wrong(list(other.columns), oracle)), "claims wrong by a fen"))
    return rows


def _sweep(plan: Plan, kernel: Any, claims: _Claims, threads: int) -> list[Row]:
    rows = np.array([kernel.row(claims.segments[number][0]) for number in range(REFORMS)])
    rate = _rate(lambda: kernel.sums([claims.amount], rows, 0, CLAIMS, threads=threads), CLAIMS * REFORMS, runs=3)
    what = f"sweep of {REFORMS} parameter rows over {thousands(CLAIMS)} claims"
    return [Row(what, thousands(rate), "evaluations/s", "≥ 200,000,000", "exact sums per row")]


def _sequences(plan: Plan, claims: _Claims, threads: int) -> list[Row]:
    """Ten claims a person, each person's in order with yearly accumulators, the level changing from claim to claim."""
    starts = np.arange(0, CLAIMS + 1, 10, dtype=np.int64)
    kernel = sequence_kernel(
        plan, ("visit.level",), ("b_in_scope",), tuple(f"paid:{layer.id}" for layer in plan.layers)
    )
    names = [spec.name for spec in plan.facts]
    fixed = dict(zip(names, claims.segments[0][0], strict=True))
    amount, year = claims.amount.astype(np.int64), np.full(CLAIMS, 2026, dtype=np.int16)
    level = claims.level.astype(np.int8)

    def run() -> object:
        return kernel.run(
            starts=starts, year=year, facts=[level], fixed=fixed, amounts=[amount], threads=threads
        )  # fmt: skip

    return [
        Row("claims of persons in order, with accumulators", thousands(_rate(run, CLAIMS)), "claims/s", "", "int64")
    ]
