"""What the audit trail costs a settlement: the same settlements with its trigger and without, in turns, in processor time.

    python -m benchmarks.overhead [--rounds 8] [--each 250]

Processor time of this process and of its server process, because a neighbour's load falls on wall time as it likes. The
rights cost a gateway message nothing: institutions are checked by their agreement, operators by their posts at the desk.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from statistics import median

from benchmarks.harness import ROOT, Context, Row
from benchmarks.settlement_core import backend, database, fill, jobs_of, used

MOST_PERCENT = 15
WARM_UP = 300
PERSONS = 5_000


def measure(context: Context) -> list[Row]:
    """The table's row: this module in a process and on a cluster of its own."""
    command = [sys.executable, "-m", "benchmarks.overhead"]
    done = subprocess.run(command, cwd=ROOT, env=context.environment, check=True, capture_output=True, text=True)
    found = re.search(r"(\d+) µs with, (\d+) µs without: (-?[\d.]+) %", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    with_trail, without, percent = found.groups()
    note = (
        f"processor time of one settlement of ten lines: {with_trail} µs with, {without} µs without; medians in turns"
    )
    return [Row("cost of the audit trail", percent, "% of a settlement", f"≤ {MOST_PERCENT}", note)]


def settle(count: int, start: int) -> int:
    """Settle one by one; gives the processor time of each in microseconds, both sides together."""
    from tongchou.settlement.api import settle_many

    jobs = jobs_of(count, start, PERSONS)
    server = backend()
    mine, theirs = time.process_time(), used(server)
    for job in jobs:
        for result in settle_many(jobs=[job]):
            if isinstance(result, Exception):
                raise result
    spent = time.process_time() - mine + used(server) - theirs
    return int(spent / count * 1_000_000)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--each", type=int, default=250)
    given = parser.parse_args()
    with database({}):
        from django.db import connection

        fill(PERSONS)
        settle(WARM_UP, 0)
        spent: dict[bool, list[int]] = {True: [], False: []}
        for number in range(2 * given.rounds):
            on = number % 2 == 0
            with connection.cursor() as cursor:
                cursor.execute(
                    f"ALTER TABLE settlement_settlement {'ENABLE' if on else 'DISABLE'} TRIGGER trail_insert"
                )
            spent[on].append(settle(given.each, WARM_UP + number * given.each))
        with_trail, without = int(median(spent[True])), int(median(spent[False]))
        percent = (with_trail - without) * 1000 // without
        print(f"{with_trail} µs with, {without} µs without: {percent / 10:.1f} %")
        connection.close()


if __name__ == "__main__":
    main()
