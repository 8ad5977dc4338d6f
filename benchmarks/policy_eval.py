"""Where the time of one evaluation goes: integer function, encoding, trace, explanation, fee lines.

    python -m benchmarks.policy_eval

Prints a table; the best of several runs is taken, since the machine does other things too.
"""

from __future__ import annotations

import sys
import time
import timeit
from collections.abc import Callable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tongchou.policy import Bill, LineFacts, Plan, PolicyBook, default_pack_directory

DAY = date(2026, 6, 1)
CLAIMS: dict[str, tuple[str, str, dict[str, object]]] = {
    "resident inpatient, 3 layers": (
        "390",
        "住院",
        {"person.type": "居民", "person.continuous_years": 4, "visit.level": "三级", "visit.where": "本市"},
    ),
    "employee inpatient": ("310", "住院", {"person.type": "在职", "visit.level": "三级"}),
    "employee outpatient": ("310", "普通门诊", {"person.type": "退休", "visit.level": "一级"}),
    "employee pharmacy": ("310", "药店购药", {"person.type": "在职", "visit.level": "药店"}),
}
BILL = Bill(out_of_scope=812_35, over_limit=120_00, prior_self_pay=1_433_20, in_scope=41_276_81)
LINE = LineFacts(12_345, 20_000, 61_725_000, "乙类", price_limit=60_000_000)


def microseconds(call: Callable[[], object], number: int = 20_000) -> str:
    """Best of seven in processor time, in µs with two decimals, computed on whole nanoseconds."""
    best = min(timeit.repeat(call, timer=time.process_time, number=number, repeat=7))
    nanoseconds = int(best * 1_000_000_000) // number
    return f"{nanoseconds // 1000}.{nanoseconds % 1000 // 10:02d}"


def rows(name: str, plan: Plan, facts: dict[str, object]) -> list[tuple[str, str, str, str]]:
    """The rows of one claim."""
    counters = {spec.name: 0 for spec in plan.accumulators}
    integers, arguments = plan.integer_function(), plan.encode(facts, BILL, counters, 50_000)
    outcome = plan.trace(facts, BILL, counters, 50_000)
    measured = {
        "integer function": lambda: integers(*arguments),
        "evaluate": lambda: plan.evaluate(facts, BILL, counters, 50_000),
        "trace": lambda: plan.trace(facts, BILL, counters, 50_000),
        "explain (rendered on demand)": lambda: plan.explain(outcome.values, facts, BILL, counters),
    }
    few = {"explain (rendered on demand)": 500}
    values = f"{len(outcome.values)} step values"
    return [(name, what, microseconds(call, few.get(what, 20_000)), values) for what, call in measured.items()]


def main() -> None:
    """Measure and print."""
    book = PolicyBook.load(default_pack_directory())
    table = []
    for name, (scheme, benefit, facts) in CLAIMS.items():
        table += rows(name, book.plan(area="629900", scheme=scheme, benefit=benefit, on=DAY), facts)
    plan = book.plan(area="629900", scheme="390", benefit="住院", on=DAY)
    table.append(("fee line", "split_line", microseconds(lambda: plan.split_line(LINE)), ""))
    loading = microseconds(lambda: PolicyBook.load(default_pack_directory()), 1)
    table.append(("all packs", "load and check", loading, f"{len(book.packs)} packs"))
    print("| claim | what | µs | note |\n|---|---|---:|---|")
    for row in table:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
