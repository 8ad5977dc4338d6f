"""A province's year: claims of persons in order, from Parquet on disk, with yearly accumulators.

    python -m benchmarks.policy_year --claims 100000000

Writes the files once (a temporary folder unless --folder is given), then measures reading and computing in a process of its own:
wall time, claims per second, peak memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.simulation.core import Question
from tongchou.simulation.parquet import simulate_files

LEVELS, TYPES = ("一级", "二级", "三级"), ("居民", "中小学生")
PER_PERSON = 10
FILES = 10
ROWS = 1 << 20


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


def compute(folder: Path) -> None:
    """Read and compute all files of a folder; prints one line."""
    plan = PolicyBook.load(default_pack_directory()).plan(
        area="629900", scheme="390", benefit="住院", on=date(2026, 6, 1)
    )
    fixed = {"visit.where": "本市", "person.continuous_years": 3}
    question = Question(
        plans=(plan,), varying=("visit.level", "person.type"), fixed=fixed, group_by=("visit.level", "person.type")
    )
    start = time.perf_counter()
    total = simulate_files(question, sorted(folder.glob("*.parquet")), threads=len(os.sched_getaffinity(0)))[0]
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rate = int(total.claims / seconds)
    print(
        f"{total.claims:,} claims in {seconds:.1f} s, {rate:,} claims/s, peak {memory:,} MiB, layers {total.layer_sums()}"
    )


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
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob("*.parquet")):
            write(folder, args.claims)
        subprocess.run([sys.executable, __file__, "--compute", str(folder)], check=True)


if __name__ == "__main__":
    main()
