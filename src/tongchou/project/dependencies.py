"""Are the locked dependencies free of known vulnerabilities? pip-audit asks; here its answer becomes a verdict.

pip-audit says "no known vulnerabilities" also when it could ask nobody. This module doesn't: what was not audited is named,
and only a vulnerability that was found fails the check.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_SECONDS = 180
SERVICES = ("pypi", "osv")
"""Asked in this order; the second one only if the first knows nothing at all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many packages were audited, which were not and why, and what was found (one line each)."""

    audited: int
    not_audited: tuple[str, ...]
    why: str
    found: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 if something was found; not being able to ask is no failure, but it is said."""
        return 1 if self.found else 0

    def lines(self) -> list[str]:
        """What the person at the terminal reads."""
        if not self.audited and not self.found:
            return [f"未核查 / not audited: {len(self.not_audited)} packages: {self.why}"]
        told = [f"已核查 / audited: {self.audited} packages, {len(self.found)} vulnerabilities"]
        told += list(self.found)
        if self.not_audited:
            told.append(f"未核查 / not audited: {', '.join(self.not_audited)}: {self.why}")
        return told


def audit(lock: Path, options: Sequence[str] = ()) -> Verdict:
    """Ask the vulnerability services about every package of a lock file.

    Args:
        options: further options of pip-audit, e.g. ``("-s", "osv", "--osv-url", "http://…")``; then only that is asked.
    """
    asked = [list(options)] if options else [["-s", service] for service in SERVICES]
    verdict = Verdict(0, (), "pip-audit was not run", ())
    for one in asked:
        verdict = _ask(lock, one)
        if verdict.audited:
            break
    return verdict


def read_report(report: dict[str, Any]) -> Verdict:
    """The verdict in pip-audit's JSON report."""
    found, missed, why, audited = [], [], "", 0
    for package in report["dependencies"]:
        if "skip_reason" in package:
            missed.append(package["name"])
            why = why or package["skip_reason"]
            continue
        audited += 1
        for one in package["vulns"]:
            fixed = ", ".join(one.get("fix_versions") or ()) or "no fixed version"
            found.append(f"{package['name']} {package['version']}: {one['id']} → {fixed}")
    return Verdict(audited, tuple(missed), why, tuple(found))


def locked(lock: Path) -> dict[str, str]:
    """Name and version of every package of a lock file."""
    lines = (line.split(" ", 1)[0] for line in lock.read_text("utf-8").splitlines() if "==" in line and line[0] != " ")
    return dict(line.split("==", 1) for line in lines)


def _ask(lock: Path, options: list[str]) -> Verdict:
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--disable-pip", "--require-hashes"]
    command += ["--progress-spinner", "off", "-f", "json", *options]
    names = tuple(locked(lock))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Verdict(0, names, f"no answer within {MOST_SECONDS} s", ())
    try:
        return read_report(json.loads(done.stdout))
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["pip-audit is not installed: make install"])[-1]
        return Verdict(0, names, last[-300:], ())
