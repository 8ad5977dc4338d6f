"""The archive of policy packages: the text of every package that a settlement used, once per hash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from tongchou.policy import Plan
from tongchou.policy.nodes import canonical
from tongchou.settlement import planning
from tongchou.settlement.database import run

_stored: set[str] = set()

_STORE = """
INSERT INTO settlement_policypackage (hash, title, content, stored_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (hash) DO NOTHING RETURNING 1
"""


def store(*, plan: Plan, area: str, scheme: str, now: datetime) -> None:
    """Archive the package of a plan if this process has not done so."""
    if plan.package_hash in _stored:
        return
    run(_STORE, (plan.package_hash, plan.title[:300], content_of(plan=plan, area=area, scheme=scheme), now))
    _stored.add(plan.package_hash)


def forget() -> None:
    """Forget what is archived (between tests)."""
    _stored.clear()


@dataclass(frozen=True, slots=True)
class UsedVersion:
    """A version of a pack that a settlement was decided by."""

    pack: str
    title: str
    since: date


def versions_of(*, package: str) -> list[UsedVersion]:
    """The versions that a package was made of, in the order of payment; empty where it is not archived."""
    found = run("SELECT content FROM settlement_policypackage WHERE hash = %s", (package,))
    packs = json.loads(found[0][0])["packs"] if found else []
    return [UsedVersion(pack["pack"], pack["title"], date.fromisoformat(pack["version"]["from"])) for pack in packs]


def content_of(*, plan: Plan, area: str, scheme: str) -> str:
    """The packs that a plan of an area's scheme was compiled from, as JSON text."""
    book = planning.book()
    bound = book.bindings.on(area, scheme, plan.version_from)
    names = bound.packs if bound is not None else ()
    packs = [canonical(version.tree) for version in book.in_force(names, plan.version_from)]
    return json.dumps({"plan": plan.id, "packs": packs}, ensure_ascii=False, indent=1, default=str)
