"""The lock file is what pyproject.toml asks for: each range holds the locked version, each package its hashes, none is left over."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.source import ROOT, report

ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]+\])?==(?P<version>[^ ;\\]+)")


@dataclass
class Locked:
    version: Version
    hashes: int = 0
    via: set[str] = field(default_factory=set)


def lock() -> dict[str, list[Locked]]:
    """Every entry by canonical name; a package may have several, for different platforms."""
    found: dict[str, list[Locked]] = {}
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if entry := ENTRY.match(line):
            current = Locked(Version(entry["version"]))
            found.setdefault(canonicalize_name(entry["name"]), []).append(current)
        elif line.strip().startswith("--hash=sha256:"):
            current.hashes += 1
        elif via := re.match(r"^\s+#\s+(?:via )?([A-Za-z0-9._-]+)", line):
            current.via.add(canonicalize_name(via[1]))
    return found


def asked() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [Requirement(line) for line in (*project["dependencies"], *project["optional-dependencies"]["dev"])]


def test_every_locked_version_is_in_the_range_that_is_asked_for() -> None:
    locked = lock()
    found = []
    for one in asked():
        versions = locked.get(canonicalize_name(one.name), [])
        found += [] if versions else [f"{one.name}: not locked, run make lock"]
        found += [
            f"{one}: {two.version} is locked, run make lock" for two in versions if two.version not in one.specifier
        ]
    assert not found, report(found)


def test_every_locked_package_has_its_hashes() -> None:
    found = [name for name, entries in lock().items() if any(one.hashes == 0 for one in entries)]
    assert not found, report(found)


def test_nothing_is_locked_that_nobody_asks_for() -> None:
    locked = lock()
    wanted = {canonicalize_name(one.name) for one in asked()}
    found = [
        f"{name}: run make lock"
        for name, entries in locked.items()
        if name not in wanted and not any(one.via & set(locked) for one in entries)
    ]
    assert not found, report(found)


def test_what_is_asked_for_has_a_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = [line for line in project["dependencies"] if not re.search(r"[<>=~]", line)]
    assert not found, report(found)
