"""Upgrades in two phases, so that the old and the new program can run on one schema for a while.

*Expand* adds what the new version needs and hurts no old one; *contract* removes what only the old one used. A migration
that removes, renames or narrows says ``phase = "contract"``; a test refuses one that does so without saying it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation

import tongchou
from tongchou.operation.models import SchemaStamp
from tongchou.operation.rejections import CONTRACT_DUE, NEWER_SCHEMA

CONTRACTING = (
    migrations.DeleteModel,
    migrations.RemoveField,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
"""Operations after which a program of the version before fails."""
CONTRACTING_SQL = ("DROP TABLE", "DROP COLUMN", "RENAME COLUMN", "RENAME TO", "DROP FUNCTION")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How the database's schema stands to the program. Names are ``app.migration``.

    ``ahead`` are a newer version's expanding migrations: this program runs on them, so it can be gone back to.
    ``unknown`` are a newer version's other ones: on them it can't.
    """

    expand: tuple[str, ...]
    contract: tuple[str, ...]
    unknown: tuple[str, ...]
    stamp: str
    ahead: tuple[str, ...] = ()


def state() -> State:
    """Compare the applied migrations with those of the program."""
    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations)
    applied = set(loader.applied_migrations)
    ours = {app for app, _ in known}
    newer = {f"{app}.{name}" for app, name in applied - known if app in ours and not _replaced(loader, app, name)}
    ahead = newer & _stamped_as_expanding() if newer else set()
    order = [key for key in _ordered(loader) if key not in applied]
    contract = {key for key in order if is_contracting(loader.disk_migrations[key])}
    return State(
        expand=tuple(".".join(key) for key in order if key not in contract),
        contract=tuple(".".join(key) for key in order if key in contract),
        unknown=tuple(sorted(newer - ahead)),
        stamp=_stamp(applied),
        ahead=tuple(sorted(ahead)),
    )


def refuse_newer_schema() -> None:
    """Refuse to work on a schema that a newer version made.

    Raises:
        Rejection: OPER-022.
    """
    found = state()
    if found.unknown:
        raise NEWER_SCHEMA(unknown="、".join(found.unknown[:3]), stamp=found.stamp or "未知版本")


def upgrade(*, contract: bool, now: datetime) -> list[str]:
    """Apply the expanding migrations, or with ``contract`` all. Returns the names of those applied.

    A new database gets all: no older version works on it.

    Raises:
        Rejection: OPER-022 the schema is newer; OPER-023 an expanding migration needs a contracting one before it.
    """
    refuse_newer_schema()
    due = state()
    contract = contract or (bool(due.contract) and not MigrationLoader(connection).applied_migrations)
    wanted = [*due.expand, *(due.contract if contract else ())]
    if contract or not due.contract:
        call_command("migrate", interactive=False, verbosity=0, stdout=StringIO())
    else:
        for name in due.expand:
            _apply_alone(name, due.contract)
    stamp(wanted, contract=contract, now=now)
    return wanted


def stamp(applied: list[str], *, contract: bool, now: datetime) -> None:
    """Note which version of the program changed the schema; nothing when it changed none."""
    if applied:
        SchemaStamp.objects.create(
            version=tongchou.__version__,
            phase="contract" if contract else "expand",
            migrations=applied,
            applied_at=now,
        )


def is_contracting(migration: Migration) -> bool:
    """Does the migration say that it contracts?"""
    return getattr(migration, "phase", "expand") == "contract"


def hidden_contractions(migration: Migration) -> list[str]:
    """What an expanding migration does that would hurt the version before, one line each."""
    if is_contracting(migration):
        return []
    return [text for operation in migration.operations for text in _hurts(operation)]


def _hurts(operation: Operation) -> list[str]:
    if isinstance(operation, CONTRACTING):
        return [operation.describe()]
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return [text for inner in operation.database_operations for text in _hurts(inner)]
    if isinstance(operation, migrations.RunSQL):
        text = " ".join(str(operation.sql).upper().split())
        return [f"RunSQL: {words}" for words in CONTRACTING_SQL if words in text]
    return []


def _apply_alone(name: str, contract: tuple[str, ...]) -> None:
    """Apply one migration unless that would pull in a contracting one."""
    app, _, migration = name.partition(".")
    loader = MigrationLoader(connection)
    plan = {".".join(key) for key in loader.graph.forwards_plan((app, migration))} & set(contract)
    if plan:
        raise CONTRACT_DUE(migrations="、".join(sorted(plan)))
    call_command("migrate", app, migration, interactive=False, verbosity=0, stdout=StringIO())


def _ordered(loader: MigrationLoader) -> list[tuple[str, str]]:
    seen: dict[tuple[str, str], None] = {}
    for leaf in sorted(loader.graph.leaf_nodes()):
        for key in loader.graph.forwards_plan(leaf):
            seen[key] = None
    return list(seen)


def _replaced(loader: MigrationLoader, app: str, name: str) -> bool:
    return any((app, name) in migration.replaces for migration in loader.disk_migrations.values())


def _stamped_as_expanding() -> set[str]:
    return {name for row in SchemaStamp.objects.filter(phase="expand") for name in row.migrations}


def _stamp(applied: set[Any]) -> str:
    if not any(app == "operation" for app, _ in applied):
        return ""
    last = SchemaStamp.objects.order_by("-applied_at", "-pk").first()
    return f"{last.version}（{last.applied_at:%Y-%m-%d}）" if last else ""
