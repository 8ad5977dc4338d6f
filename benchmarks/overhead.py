"""What the audit trail and the guards of internal control cost a gateway settlement: the same load with them and without."""

from __future__ import annotations

import psycopg

from benchmarks import gateway
from benchmarks.harness import Context, Row, thousands
from benchmarks.load import run

ROUNDS = 3
CALLERS = 8
MOST_PERCENT = 15


def measure(context: Context) -> list[Row]:
    """Needs the demo city. Rounds with and without take turns, so that a neighbour's load falls on both."""
    address = context.tongchou("db", "url").strip()
    seconds = max(3, context.seconds // ROUNDS)
    rates: dict[bool, list[int]] = {True: [], False: []}
    with context.site() as url:
        share = gateway.PER_SECOND * seconds
        bodies = gateway._messages(context, url, gateway.WARM_UP + 2 * ROUNDS * share)
        run(url, iter(bodies[: gateway.WARM_UP]), callers=CALLERS, seconds=seconds)
        for number in range(2 * ROUNDS):
            on = number % 2 == 0
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(
                    f"ALTER TABLE settlement_settlement {'ENABLE' if on else 'DISABLE'} TRIGGER trail_insert"
                )
            begin = gateway.WARM_UP + number * share
            result = run(url, iter(bodies[begin : begin + share]), callers=CALLERS, seconds=seconds)
            if result.failed:
                raise RuntimeError(f"{result.failed} settlements failed, the first: {result.first_failure}")
            rates[on].append(result.per_second)
    with_trail, without = (sorted(rates[on])[ROUNDS // 2] for on in (True, False))
    percent_of_ten = (without - with_trail) * 1000 // without
    note = f"{thousands(with_trail)} with, {thousands(without)} without, median of {ROUNDS} rounds each"
    return [
        Row(
            "cost of the audit trail, 8 callers",
            f"{percent_of_ten // 10}.{abs(percent_of_ten) % 10}",
            "% of settlements/s",
            f"≤ {MOST_PERCENT}",
            note,
        )
    ]
