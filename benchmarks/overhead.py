"""What the audit trail and the encryption at rest cost a settlement: with and without, in turns, in processor time.

    python -m benchmarks.overhead [--rounds 8] [--each 250]

The trail's trigger is switched off for its turns; for those of the encryption, the certificate number is not opened and the
stored answer not encrypted.

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

MOST_PERCENT = {"audit trail": 15, "encryption at rest": 3}
WARM_UP = 300
PERSONS = 5_000


def measure(context: Context) -> list[Row]:
    """The table's row: this module in a process and on a cluster of its own."""
    command = [sys.executable, "-m", "benchmarks.overhead"]
    done = subprocess.run(command, cwd=ROOT, env=context.environment, check=True, capture_output=True, text=True)
    rows = []
    for what, most in MOST_PERCENT.items():
        found = re.search(rf"{what}: (\d+) µs with, (\d+) µs without: (-?[\d.]+) %", done.stdout)
        if found is None:
            raise RuntimeError(done.stdout)
        with_it, without, percent = found.groups()
        note = (
            f"processor time of one settlement of ten lines: {with_it} µs with, {without} µs without; medians in turns"
        )
        rows.append(Row(f"cost of the {what}", percent, "% of a settlement", f"≤ {most}", note))
    return rows


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


def switch_trail(on: bool) -> None:
    """The trigger that writes a settlement's line of the trail."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE settlement_settlement {'ENABLE' if on else 'DISABLE'} TRIGGER trail_insert")


def switch_encryption(on: bool) -> None:
    """Opening the certificate number, encrypting the answer."""
    import msgspec

    from tongchou.settlement import answers, reading, sealed
    from tongchou.settlement.core.snapshots import Snapshot

    hook = sealed.open_text if on else (lambda kind, value: value)
    reading._decoder = msgspec.json.Decoder(Snapshot, dec_hook=hook)
    answers.seal_answer = sealed.seal_answer if on else (lambda answer: answer)


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
        done = WARM_UP
        for what, switch in (("audit trail", switch_trail), ("encryption at rest", switch_encryption)):
            spent: dict[bool, list[int]] = {True: [], False: []}
            for number in range(2 * given.rounds):
                on = number % 2 == 0
                switch(on)
                spent[on].append(settle(given.each, done))
                done += given.each
            switch(True)
            with_it, without = int(median(spent[True])), int(median(spent[False]))
            percent = (with_it - without) * 1000 // without
            print(f"{what}: {with_it} µs with, {without} µs without: {percent / 10:.1f} %", flush=True)
        connection.close()


if __name__ == "__main__":
    main()
