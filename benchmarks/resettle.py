"""Re-run of past settlements: how many are tried and booked a second (重新结算), on one durable connection.

    python -m benchmarks.resettle [--persons 4000] [--visits 5]

Starts a PostgreSQL of its own, fills it with persons who have several purchases each, and then measures a trial in which
nothing has changed, one after an identity class was entered late for everybody, one after another version of the policy was
published with effect from the past, and the booking of some hundred persons.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT
from benchmarks.settlement_core import database, fill, render

BOOKED = 300
PACKS = ROOT / "tests" / "integration" / "settlement" / "packs_rerun"


def main() -> None:
    """Parse the arguments, measure, print."""
    sys.path.insert(0, str(ROOT))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--persons", type=int, default=4_000)
    parser.add_argument("--visits", type=int, default=5)
    given = parser.parse_args()
    with database({}):
        fill(given.persons)
        _use(PACKS)
        _settle(given.persons, given.visits)
        _analyze()
        measure("nothing has changed", facts=False, policy=True)
        measure("persons as known today, nothing has changed", facts=True, policy=True)
        _all_poor()
        changed = measure("identity class entered late for everybody", facts=True, policy=True)
        _book(changed)
        _use(_other_version())
        measure("another version for the past, lines split again", facts=False, policy=True)


def measure(title: str, *, facts: bool, policy: bool) -> list[Any]:
    """Try everybody once; prints settlements per second and how many differ."""
    from tests.integration.settlement import world
    from tongchou.registry.models import Person
    from tongchou.settlement.resettle.choosing import Scope
    from tongchou.settlement.resettle.runs import trials_of

    scope = Scope(area=world.POOL, begin=date(2026, 1, 1), end=date(2026, 12, 31), facts=facts, policy=policy)
    persons = list(Person.objects.order_by("pk").values_list("pk", flat=True))
    next(trials_of(persons[:200], scope))  # plans and caches are warm
    begun, cpu = time.perf_counter(), time.process_time()
    seen = evaluated = changed = 0
    differing = []
    for trial in trials_of(persons, scope):
        seen += trial.seen
        evaluated += trial.evaluated
        changed += len(trial.changes)
        if trial.changes and len(differing) < BOOKED:
            differing.append(trial.person_id)
    spent = time.perf_counter() - begun
    share = (time.process_time() - cpu) / spent
    print(
        f"{title}: {seen / spent:,.0f} settlements/s ({share:.0%} in this process); {evaluated:,} evaluated, {changed:,} differ"
    )
    return differing


def _settle(persons: int, visits: int) -> None:
    from tests.integration.settlement import world
    from tongchou.settlement import api

    lines = tuple(
        world.line(number, (world.CLASS_A, world.CLASS_B)[number % 2], yuan=30 + number) for number in (1, 2, 3)
    )
    numbers = itertools.count(1)
    for _ in range(visits):
        for start in range(0, persons, 100):
            jobs = [
                world.job(
                    world.purchase(1 + n, lines=lines, account_used="0"), message=f"B{next(numbers)}", answer=render
                )
                for n in range(start, min(persons, start + 100))
            ]
            for result in api.settle_many(jobs=jobs):
                if isinstance(result, Exception):
                    raise result


def _analyze() -> None:
    """A live database has statistics; this one was filled a moment ago."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _all_poor() -> None:
    from tongchou.registry.models import IdentityClass, Person

    IdentityClass.objects.bulk_create(
        [
            IdentityClass(person=person, kind="2303", level="", period=(date(2020, 1, 1), None))
            for person in Person.objects.all()
        ]
    )


def _book(persons: list[int]) -> None:
    from tests.integration.settlement import world
    from tongchou.settlement.resettle import runs
    from tongchou.settlement.resettle.choosing import Scope

    now = datetime.now(UTC)
    scope = Scope(area=world.POOL, begin=date(2026, 1, 1), end=date(2026, 12, 31))
    made = runs.make_run(kind="list", scope=scope, reason="bench", maker=None, now=now, persons=persons)
    made = runs.try_all(made, now=now)
    made = runs.approve_run(run_id=made.pk, case_id=1, digest=made.digest)
    begun = time.perf_counter()
    while (row := runs.next_to_book(made)) is not None:
        runs.book_row(row_id=row, now=now)
    spent = time.perf_counter() - begun
    changed = made.totals["changed"]
    print(f"booked: {changed / spent:,.0f} settlements/s (two rows each), {len(persons) / spent:,.0f} persons/s")


def _other_version() -> Path:
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="tongchou-bench-packs-"))
    for file in PACKS.iterdir():
        text = file.read_text("utf-8").replace("乙类: 10%", "乙类: 15%").replace("药店: 70%", "药店: 65%")
        (place / file.name).write_text(text, "utf-8")
    return place


def _use(packs: Path) -> None:
    from tongchou.policy import PolicyBook
    from tongchou.settlement import planning

    planning.use_book(PolicyBook.load(packs))


if __name__ == "__main__":
    main()
