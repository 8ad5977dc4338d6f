"""The full report of `tongchou simulate`: all benefits of the residents, two policies, persons' figures, from Parquet.

    python -m benchmarks.simulation_report --claims 5000000

Needs no database; prints one line of JSON: claims, seconds with compiling, claims a second, peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.simulation.service import Inputs, simulate_year

FIRST_DAY = 20_454
"""2026-01-01, counted from 1970."""
CHANGED = "住院起付标准/本市/三级@2026-07-01=500"


def write(file: Path, claims: int) -> None:
    """Ten claims a person, over the benefits, days and levels; fixed seed."""
    chance = np.random.default_rng(1)
    person = np.arange(claims) // 10

    def words(known: list[str], codes: np.ndarray) -> pa.Array:  # type: ignore[type-arg]
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(known)).cast(pa.string())

    table = pa.table({
        "person": person,
        "date": pa.array(FIRST_DAY + chance.integers(0, 365, claims), pa.int32()).cast(pa.date32()),
        "benefit": words(["住院", "门诊特殊病", "普通门诊", "药店购药"], chance.integers(0, 4, claims)),
        "in_scope": (chance.lognormal(11, 1.5, claims) + 1).astype(np.int64),
        "prior_self_pay": chance.integers(0, 100_000, claims),
        "visit.level": words(["一级", "二级", "三级"], chance.integers(0, 3, claims)),
        "person.type": words(["居民", "中小学生", "老年居民"], person % 3),
        "person.continuous_years": person % 7,
        "person.identities": words(["", "低保、困难"], person % 10 == 0),
        "visit.disease": words(["M00503", "M07803", ""], chance.integers(0, 3, claims)),
    })  # fmt: skip
    pq.write_table(table, file)


def main() -> None:
    """Write, compute, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=1_000_000)
    args = parser.parse_args()
    book = PolicyBook.load(default_pack_directory())
    inputs = Inputs(area="629900", scheme="390", sets=(CHANGED,))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "claims.parquet"
        write(file, args.claims)
        took = []
        for _ in range(2):  # the second run finds the plans compiled
            start = time.perf_counter_ns()
            found = simulate_year(inputs, [file], book)
            took.append(time.perf_counter_ns() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps({
            "claims": found["claims"],
            "persons": found["persons"],
            "seconds with compiling": f"{took[0] / 10**9:.1f}",
            "seconds": f"{took[1] / 10**9:.1f}",
            "claims/s, two policies": args.claims * 10**9 // took[1],
            "peak MiB": peak,
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
