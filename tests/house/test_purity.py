"""kernel, policy and every core: no clock, no randomness, no environment, no database, no Django."""

from __future__ import annotations

import ast

from tests.house.source import Source, dotted, product, report

CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}
CLOCK_OWNERS = {"datetime", "date", "time", "timezone"}
FORBIDDEN_MODULES = {"random", "secrets", "uuid", "socket", "subprocess", "threading.Timer", "django", "psycopg"}
FORBIDDEN_NAMES = {"os.environ", "os.getenv", "os.urandom"}


def test_cores_read_no_clock_no_chance_and_no_environment() -> None:
    found = [finding for source in product() if source.is_core for finding in _impurities(source)]
    assert not found, report(found)


def _impurities(source: Source) -> list[str]:
    found = []
    for node in ast.walk(source.tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            modules = []
        found += [f"{source.name}:{line} imports {name}" for name in modules if name.split(".")[0] in FORBIDDEN_MODULES]
        if isinstance(node, ast.Attribute) and dotted(node) in FORBIDDEN_NAMES:
            found.append(f"{source.name}:{line} {dotted(node)}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            if dotted(node.func.value).rpartition(".")[2] in CLOCK_OWNERS:
                found.append(f"{source.name}:{line} reads the clock: {dotted(node.func)}()")
    return found
