"""Runs other engines beside ours, on the same claims in the same run, in an environment of their own.

They are installed from ``benchmarks/requirements.txt`` into ``.venv-bench`` the first time, so that nothing of theirs comes
near the product's environment. Without a network the table says so and goes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.engines.claims import Claims
from benchmarks.harness import ROOT

ENVIRONMENT = ROOT / ".venv-bench"
REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"


class Beside(NamedTuple):
    """What another engine did: claims, nanoseconds, fen per claim and layer; or why it could not be measured."""

    name: str
    claims: int = 0
    nanoseconds: int = 0
    columns: tuple[Any, ...] = ()
    missing: str = ""

    @property
    def rate(self) -> int:
        """Claims per second."""
        return self.claims * 1_000_000_000 // max(1, self.nanoseconds)


@cache
def _python() -> Path:
    """The interpreter of the engines' environment, made and filled when it is not yet.

    A package that can't be installed leaves the others in place; its import then says what is missing.
    """
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / REQUIREMENTS.name
    if done.exists() and done.read_text() == REQUIREMENTS.read_text():
        return python
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")]
    install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if subprocess.run([*install, *lines], check=False).returncode == 0:
        done.write_text(REQUIREMENTS.read_text())
    else:
        for line in lines:
            subprocess.run([*install, line], check=False)
    return python


def measured_beside(claims: Claims, *engines: str) -> list[Beside]:
    """Measure engines (``openfisca``, ``ttsim``, ``zen``) on claims."""
    with tempfile.TemporaryDirectory() as folder:
        given, computed = Path(folder, "claims.npz"), Path(folder, "computed.npz")
        claims.write(given)
        command = [str(_python()), "-m", "benchmarks.engines.measure", str(given), str(computed), *engines]
        ran = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
                             capture_output=True, check=False)  # fmt: skip
        if ran.returncode != 0:
            return [Beside(" and ".join(engines), missing=(ran.stderr.strip().splitlines() or ["?"])[-1])]
        with np.load(computed) as kept:
            return [_read(json.loads(line), kept) for line in ran.stdout.splitlines()]


def _read(line: dict[str, Any], kept: Any) -> Beside:
    if "missing" in line:
        return Beside(line["key"], missing=line["missing"])
    names = [name for name in kept.files if name.rpartition(":")[0] == line["key"]]
    columns = tuple(kept[name] for name in sorted(names, key=lambda name: int(name.rpartition(":")[2])))
    return Beside(line["name"], line["claims"], line["ns"], columns)
