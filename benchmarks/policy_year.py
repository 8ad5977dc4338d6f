"""A province's year: claims of persons in order, from Parquet on disk, with yearly accumulators.

    python -m benchmarks.policy_year --claims 100000000

Writes the files once (a temporary folder unless --folder is given), then measures reading and computing in a process of its own:
compiling, wall time, nanoseconds a claim, peak memory. `make bench` measures a million and ten million claims, and with
``--province`` a hundred million (a minute to write, about a gigabyte of disk).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness import Context, Row, thousands
from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.simulation.core import Question
from tongchou.simulation.parquet import simulate_files

LEVELS, TYPES = ("一级", "二级", "三级"), ("居民", "中小学生")
PER_PERSON = 10
FILES = 10
ROWS = 1 << 20
RUNS, ENOUGH = 3, 2 * 10**9
"""The best of so many runs, unless they take so many nanoseconds."""


def write(folder: Path, claims: int) -> None:
    """Claims of equal numbers per person, eligible amounts lognormal, level and type random; fixed seed."""
    schema = pa.schema([
        ("person", pa.int64()), ("year", pa.int16()), ("visit.level", pa.string()), ("person.type", pa.string()),
        ("in_scope", pa.int32()),
    ])  # fmt: skip
    share = claims // FILES // PER_PERSON * PER_PERSON
    for number in range(FILES):
        chance = np.random.default_rng(number)
        with pq.ParquetWriter(folder / f"claims-{number:02d}.parquet", schema, compression="snappy") as writer:
            for first in range(0, share, ROWS):
                size = min(ROWS, share - first)
                person = number * share + np.arange(first, first + size) // PER_PERSON
                columns = [
                    pa.array(person),
                    pa.array(np.full(size, 2026, dtype=np.int16)),
                    _words(chance, LEVELS, size),
                    _words(chance, TYPES, size),
                    pa.array((chance.lognormal(12.2, 1.2, size) + 1).astype(np.int32)),
                ]
                writer.write_table(pa.table(columns, schema=schema))


def _words(chance: np.random.Generator, words: tuple[str, ...], size: int) -> pa.Array:
    codes = pa.array(chance.integers(0, len(words), size), pa.int8())
    return pa.DictionaryArray.from_arrays(codes, pa.array(words)).cast(pa.string())


def _question() -> Question:
    plan = PolicyBook.load(default_pack_directory()).plan(
        area="629900", scheme="390", benefit="住院", on=date(2026, 6, 1)
    )
    fixed = {"visit.where": "本市", "person.continuous_years": 3}
    grouped = ("visit.level", "person.type")
    return Question(plans=(plan,), varying=grouped, fixed=fixed, group_by=grouped)


def compute(folder: Path) -> None:
    """Compile on a few claims, then read and compute all files of a folder; prints one line of JSON."""
    question, files = _question(), sorted(folder.glob("*.parquet"))
    start = time.perf_counter_ns()
    with tempfile.TemporaryDirectory() as few:
        write(Path(few), FILES * PER_PERSON)
        simulate_files(question, sorted(Path(few).glob("*.parquet")))
    compiled = time.perf_counter_ns()
    took: list[int] = []
    while len(took) < RUNS and sum(took) < ENOUGH:
        before = time.perf_counter_ns()
        total = simulate_files(question, files, threads=len(os.sched_getaffinity(0)))[0]
        took.append(time.perf_counter_ns() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = {"claims": total.claims, "compiling": compiled - start, "computing": min(took), "peak": peak}
    print(json.dumps({**found, "layers": total.layer_sums()}))


def run(claims: int, folder: Path) -> dict[str, Any]:
    """Write the claims if the folder has none, compute them in a new process, give what it printed."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("*.parquet")):
        write(folder, claims)
    command = [sys.executable, __file__, "--compute", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(context: Context) -> list[Row]:
    """Needs no database. Cost per claim must not grow with the number of claims."""
    rows = []
    for claims in (1_000_000, 10_000_000, *((100_000_000,) if context.province else ())):
        with tempfile.TemporaryDirectory(prefix="tongchou-year-") as folder:
            found = run(claims, Path(folder))
        what = f"{thousands(claims // PER_PERSON)} persons' year from Parquet"
        each = f"{found['computing'] / found['claims']:.0f}"
        per_second = thousands(found["claims"] * 10**9 // found["computing"])
        rows.append(
            Row(what, each, "ns a claim", "", f"{thousands(claims)} claims in order, 3 layers; {per_second} claims/s")
        )
        seconds = f"{(found['compiling'] + found['computing']) / 10**9:.1f}"
        province = claims == 100_000_000
        compiling = f"of it compiling {found['compiling'] / 10**9:.1f}"
        rows.append(Row(what, seconds, "s", "≤ 30" if province else "", compiling))
        rows.append(Row(what, thousands(found["peak"]), "MiB at the peak", "≤ 4,096" if province else ""))
    return rows


def main() -> None:
    """Parse, write, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--compute", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.compute:
        compute(args.compute)
        return
    with tempfile.TemporaryDirectory() as temporary:
        print(json.dumps(run(args.claims, args.folder or Path(temporary)), indent=1))


if __name__ == "__main__":
    main()
