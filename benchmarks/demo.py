"""How fast the demo city is built: persons, enrolments, entitlements, accounts, catalogue, all by COPY."""

from __future__ import annotations

import time

from benchmarks.harness import Context, Row, thousands

PERSONS = 20_000


def measure(context: Context) -> list[Row]:
    """Leaves the city in the instance, for the gateway's measurement."""
    context.tongchou("migrate")
    start = time.perf_counter_ns()
    context.tongchou("demo", "--persons", str(PERSONS))
    elapsed = time.perf_counter_ns() - start
    rows = sum(int(context.tongchou("db", "psql", "-qXAtc", f"SELECT count(*) FROM {table}")) for table in TABLES)
    note = f"`tongchou demo --persons {PERSONS}` in {elapsed // 1_000_000_000} s, from start to end of the command"
    return [
        Row("building the demo city", thousands(PERSONS * 1_000_000_000 // elapsed), "persons/s", note=note),
        Row("the same", thousands(rows * 1_000_000_000 // elapsed), "rows/s", note=", ".join(TABLES)),
    ]


TABLES = (
    "registry_person",
    "registry_enrolment",
    "registry_identityclass",
    "contributions_entitlement",
    "accounts_account",
)
