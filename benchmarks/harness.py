"""What every measurement gets (a durable PostgreSQL, a running site if it asks) and what it returns (rows of a table)."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the figure, its unit, and what it is held against (empty = nothing)."""

    what: str
    value: str
    unit: str
    aim: str = ""
    note: str = ""


@dataclass
class Context:
    """Given to each ``measure(context)``.

    ``home`` is a fresh instance's home folder, whose PostgreSQL runs durably (fsync on). ``figures`` holds what earlier
    measurements left for later ones, for example ``figures["tpcb_tps"]``. ``province`` asks for a hundred million claims.
    """

    home: Path
    seconds: int
    province: bool = False
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Environment for commands on this instance."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("TONGCHOU_", "DJANGO_", "PG"))
        }
        kept.pop("DATABASE_URL", None)
        return kept | {"TONGCHOU_HOME": str(self.home)}

    def tongchou(self, *arguments: str) -> str:
        """Run a command of the command line on this instance; returns what it printed, raises when it fails."""
        command = [sys.executable, "-m", "tongchou.project.cli", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"tongchou {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    @contextmanager
    def site(self, *, workers: int = 1) -> Iterator[str]:
        """The site and the gateway run inside the block; gives their address."""
        from tongchou.project.server import Server

        self.tongchou("migrate")
        os.environ.update(TONGCHOU_HOME=str(self.home))
        (self.home / "static").mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        server = Server(host="127.0.0.1", port=port, workers=workers)
        try:
            server.wait_ready()
            yield server.url
        finally:
            server.stop()


@contextmanager
def instance(seconds: int, *, province: bool = False) -> Iterator[Context]:
    """A fresh instance with a running, durable PostgreSQL; nothing is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-bench-"))
    folder.chmod(0o755)
    context = Context(home=folder / "home", seconds=seconds, province=province)
    try:
        context.tongchou("db", "start")
        yield context
    finally:
        context.tongchou("db", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def rate_of(call: Callable[[], object], *, seconds: int = 2, batch: int = 1000) -> int:
    """Calls per second of processor time: the best of ten runs, so that a neighbour's load disturbs least."""
    best = 0
    for _ in range(10):
        count, start = 0, time.process_time_ns()
        limit = start + seconds * 1_000_000_000 // 10
        while (now := time.process_time_ns()) < limit:
            for _ in range(batch):
                call()
            count += batch
        best = max(best, count * 1_000_000_000 // max(1, now - start))
    return best


def percentile(sorted_values: list[int], share: int) -> int:
    """The value below which ``share`` percent of the values lie; the list must be sorted."""
    return sorted_values[min(len(sorted_values) - 1, len(sorted_values) * share // 100)] if sorted_values else 0


def thousands(value: int) -> str:
    """1234567 → 1,234,567."""
    return f"{value:,}"


def machine() -> str:
    """One line about the machine, without its name."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text())
        model = found[1].strip() if found else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**30
    return f"{cores} cores ({model or platform.machine()}), {memory} GiB, {platform.system()}, Python {platform.python_version()}"
