"""`make bench`: run all measurements on a PostgreSQL of their own, print one table, write it to docs/performance.md.

make bench                          # everything
make bench ARGS="--only policy"     # one of them, nothing written
make bench ARGS="--seconds 5"       # shorter, nothing written
make bench ARGS="--province"        # with a hundred million claims, written
"""

from __future__ import annotations

import argparse
import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness import ROOT, Row, instance, machine

MEASUREMENTS = ("database", "policy", "policy_arrays", "policy_year", "settlement_core", "demo", "gateway", "overhead")
"""Modules in this folder with ``measure(context) -> list[Row]``, in their order; later ones use figures of earlier ones."""
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
DOCUMENT = ROOT / "docs" / "performance.md"
DEFAULT_SECONDS = 15


def main() -> int:
    """Parse, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="measure this one only (may be repeated)")
    parser.add_argument("--seconds", type=int, default=DEFAULT_SECONDS, help="length of each run under load")
    parser.add_argument("--province", action="store_true", help="a hundred million claims too (two minutes more)")
    args = parser.parse_args()
    rows = []
    with instance(args.seconds, province=args.province) as context:
        for name in args.only or MEASUREMENTS:
            if not (ROOT / "benchmarks" / f"{name}.py").exists():
                continue
            print(f"{name} …", file=sys.stderr, flush=True)
            rows += importlib.import_module(f"benchmarks.{name}").measure(context)
    table = render(rows)
    print(table)
    if not args.only and args.seconds >= DEFAULT_SECONDS:
        write(table)
    return 0


def render(rows: list[Row]) -> str:
    """The table with its command, machine and day."""
    lines = [
        f"`make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine()}; PostgreSQL as shipped, fsync and synchronous commit on.",
        "",
        "| measured | figure | unit | aim | note |",
        "|---|---:|---|---|---|",
        *(f"| {row.what} | {row.value} | {row.unit} | {row.aim} | {row.note} |" for row in rows),
    ]
    return "\n".join(lines)


def write(table: str) -> None:
    """Put the table between the markers of docs/performance.md."""
    text = DOCUMENT.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
