"""Settlements per second without HTTP: ten-line pharmacy purchases through ``settle_many`` on one durable connection.

    python -m benchmarks.settlement_core [--seconds 3] [--persons 5000] [--batches 1,8,32] [--profile] [--statements]

Starts a PostgreSQL of its own (fsync on), fills it with the world of the settlement tests and prints, for each batch size,
settlements per second, and how much of it this process spent computing. ``--profile`` prints where Python's time goes,
``--statements`` what the server's statements cost.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.harness import ROOT, Context, Row

LINES = 10


@contextmanager
def database(extra: dict[str, str]) -> Iterator[Path]:
    """A durable cluster in a temporary folder, migrated; Django is set up on it."""
    from tongchou.project.postgres import Cluster, packaged_binaries
    from tongchou.project.postgres_owner import Owner, prepare_for

    folder = Path(tempfile.mkdtemp(prefix="tongchou-bench-"))
    folder.chmod(0o755)
    owner = Owner.current()
    if owner.switched:
        os.chown(folder, owner.uid, owner.gid)
    binaries = packaged_binaries()
    prepare_for(owner, folder, binaries)
    copy = owner.binaries_copy(binaries)
    cluster = Cluster(
        data=folder / "data", socket=folder / "socket", log=folder / "log", bin=copy if copy.is_dir() else binaries,
        owner=owner, overrides=extra,
    )  # fmt: skip
    cluster.start()
    try:
        os.environ["TONGCHOU_HOME"] = str(folder / "home")
        os.environ["DATABASE_URL"] = cluster.conninfo("postgres")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.project.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield folder
    finally:
        cluster.stop(mode="immediate")
        shutil.rmtree(folder, ignore_errors=True)


INSURED = """
INSERT INTO registry_enrolment (person_id, scheme, person_type, area_id, civil_servant, flexible, status, period)
SELECT id, '310', '11', '629902', false, false, '1', daterange('2020-01-01', NULL) FROM registry_person;
INSERT INTO contributions_entitlement (person_id, scheme, period, continuous_since, basis)
SELECT id, '310', daterange('2020-01-01', NULL), '2020-01-01', '' FROM registry_person;
INSERT INTO accounts_account (person_id, scheme, balance, version) SELECT id, '310', 10000000, 0 FROM registry_person;
ANALYZE;
"""


def fill(persons: int) -> None:
    """The settlement tests' world with many persons; their opening balances are not booked."""
    from datetime import UTC, date, datetime

    from django.db import connection

    from tests.integration.settlement import world
    from tongchou.registry import api as registry

    world.build(persons=0)
    born, now = date(1980, 1, 1), datetime.now(UTC)
    registry.load_persons(
        (
            number, f"6299{n:08d}", "01", f"62990219800101{n:06d}", f"张{n}", "1", "1", born, None, "", "", "629902", None, now,
        )
        for n, number in enumerate(registry.reserve_ids(kind="persons", count=persons), start=1)
    )  # fmt: skip
    with connection.cursor() as cursor:
        for statement in INSURED.split(";"):
            if statement.strip():
                cursor.execute(statement)


def jobs_of(count: int, start: int, persons: int) -> list[Any]:
    """Ready-made jobs: ten lines each, another person each."""
    from tests.integration.settlement import world

    lines = tuple(
        world.line(number, (world.CLASS_A, world.CLASS_B, world.LIMITED)[number % 3], yuan=10 + number)
        for number in range(1, LINES + 1)
    )
    made = []
    for number in range(start, start + count):
        request = world.purchase(1 + number % persons, lines=lines)
        made.append(world.job(request, message=f"B{number}", answer=render))
    return made


def render(view: Any) -> bytes:
    """About as many bytes as the gateway's answer."""
    import msgspec

    shown = {name: getattr(view, name) for name in ("id", "encounter_id", "scheme", "total", "fund_pay", "account_pay")}
    return msgspec.json.encode({"infcode": 0, "output": {"setlinfo": shown, "detlcutinfo": view.lines}})


def settle_for(batch: int, seconds: int, persons: int, start: int) -> tuple[int, str]:
    """Settle in batches for some seconds; gives the next free number and a line of the table."""
    from tongchou.settlement.api import settle_many

    done, limit = 0, time.perf_counter() + seconds
    server = backend()
    cpu, begun, theirs = time.process_time(), time.perf_counter(), used(server)
    building = 0.0
    while time.perf_counter() < limit:
        before = time.process_time()
        jobs = jobs_of(batch, start + done, persons)
        building += time.process_time() - before
        for result in settle_many(jobs=jobs):
            if isinstance(result, Exception):
                raise result
        done += batch
    elapsed = time.perf_counter() - begun
    mine = time.process_time() - cpu - building
    theirs = used(server) - theirs
    text = f"{batch:>6} {done / (elapsed - building):>10,.0f}/s {mine / done * 1e6:>8.0f} µs Python each"
    text += f" {theirs / done * 1e6:>8.0f} µs server each"
    return start + done, f"{text} {(elapsed - building - mine - theirs) / done * 1e6:>8.0f} µs waiting each"


def backend() -> psutil.Process:
    """The server process behind this connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return psutil.Process(cursor.fetchone()[0])


def used(process: psutil.Process) -> float:
    """Processor seconds that a process has used."""
    times = process.cpu_times()
    return times.user + times.system


def statements() -> None:
    """What the server says its statements cost."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT calls, round((total_exec_time * 1000 / calls)::numeric), left(regexp_replace(query, '\\s+', ' ', 'g'), 110)"
            " FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 45"
        )
        for calls, total, query in cursor.fetchall():
            print(f"{calls:>8} {total:>8} µs each  {query}")


def measure(context: Context) -> list[Row]:
    """The table's rows: this module in a process and on a cluster of its own."""
    command = [sys.executable, "-m", "benchmarks.settlement_core", "--seconds", str(max(3, context.seconds // 3))]
    done = subprocess.run(command, cwd=ROOT, env=context.environment, check=True, capture_output=True, text=True)
    rows = []
    for line in done.stdout.splitlines():
        found = re.match(r"\s*(\d+)\s+([\d,]+)/s\s+(\d+) µs Python each\s+(\d+) µs server", line)
        if found:
            batch, rate, mine, theirs = found.groups()
            note = f"processor time each: {mine} µs Python, {theirs} µs PostgreSQL; one connection, no HTTP"
            rows.append(Row(f"settlements of ten lines, {batch} in a commit", rate, "1/s", note=note))
    return rows


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--persons", type=int, default=5_000)
    parser.add_argument("--batches", default="1,8,32")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--statements", action="store_true")
    given = parser.parse_args()
    extra = {}
    if given.statements:
        extra = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all"}
    with database(extra):
        from django.db import connection

        fill(given.persons)
        if given.statements:
            with connection.cursor() as cursor:
                cursor.execute("CREATE EXTENSION pg_stat_statements")
        start, _ = settle_for(8, 1, given.persons, 0)
        profile = cProfile.Profile()
        for batch in (int(text) for text in given.batches.split(",")):
            if given.profile:
                profile.enable()
            start, line = settle_for(batch, given.seconds, given.persons, start)
            profile.disable()
            print(line, flush=True)
        if given.profile:
            pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(40)
        if given.statements:
            statements()
        connection.close()


if __name__ == "__main__":
    main()
