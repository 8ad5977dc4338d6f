"""Measures other engines on claims from a file; run with the Python in which they are installed.

    python -m benchmarks.engines.measure CLAIMS.npz RESULTS.npz [openfisca | ttsim | zen …]

Prints one line of JSON per measurement: name, version, claims, nanoseconds of the best run. An engine that is not installed
gives its reason. What each array engine computed goes to the results file, a column per layer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.engines.claims import Claims

ONE_BY_ONE = 20_000
"""Claims of the sample for an engine that takes one at a time."""


class Measured(NamedTuple):
    """One measurement: how long ``claims`` took in the best run, and what was computed."""

    name: str
    package: str
    claims: int
    nanoseconds: int
    columns: list[Any]


def best(call: Callable[[], object], runs: int, clock: Callable[[], int] = time.perf_counter_ns) -> int:
    """Nanoseconds of the fastest run, after one to warm up."""
    call()
    found = []
    for _ in range(runs):
        start = clock()
        call()
        found.append(clock() - start)
    return min(found)


def openfisca(claims: Claims) -> Iterator[Measured]:
    """With its 32-bit floats, and made to carry 64 bits."""
    from benchmarks.engines.openfisca_policy import simulate

    for double, name in ((False, "openfisca-core, 32-bit floats as it comes"), (True, "openfisca-core, 64-bit floats")):
        took = best(lambda: simulate(claims, double=double), 3)  # noqa: B023
        yield Measured(name, "openfisca-core", len(claims.amount), took, simulate(claims, double=double))


def ttsim(claims: Claims) -> Iterator[Measured]:
    """On numpy, 64-bit floats as it comes."""
    from benchmarks.engines.ttsim_policy import simulate

    took = best(lambda: simulate(claims), 5)
    yield Measured("ttsim (GETTSIM's engine) on numpy", "ttsim-backend", len(claims.amount), took, simulate(claims))


def zen(claims: Claims) -> Iterator[Measured]:
    """One claim at a time in processor time: the table alone, and the whole claim."""
    from benchmarks.engines.zen_policy import claim_of, decision, simulate

    few = Claims(*(column[:ONE_BY_ONE] for column in claims))
    claim = claim_of(few, 0)
    for name, decided in (("decision table alone", decision(table_only=True)), ("three layers", decision())):
        loop = lambda d=decided: [d.evaluate(claim) for _ in range(1000)]  # noqa: E731
        took = best(loop, 7, time.process_time_ns)
        columns = [] if name == "decision table alone" else simulate(few)
        yield Measured(f"zen-engine, {name}", "zen-engine", 1000, took, columns)


ENGINES = {"openfisca": openfisca, "ttsim": ttsim, "zen": zen}


def main() -> None:
    """Measure the engines named."""
    claims, kept = Claims.read(Path(sys.argv[1])), {}
    for engine in sys.argv[3:]:
        try:
            for found in ENGINES[engine](claims):
                kept |= {f"{found.name}:{place}": column for place, column in enumerate(found.columns)}
                name = f"{found.name} ({version(found.package)})"
                print(json.dumps({"key": found.name, "name": name, "claims": found.claims, "ns": found.nanoseconds}))
        except ImportError as error:
            print(json.dumps({"key": engine, "missing": str(error)}))
    np.savez(sys.argv[2], **kept)


if __name__ == "__main__":
    main()
