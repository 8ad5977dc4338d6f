"""The database role with the least rights that the application works with, where a site gives it one.

The owner of the tables migrates; the application's role reads and writes what it must. It can't change or delete a row of
the trail, of a block, of a journal, of a decision, nor give a trail row its own number or date: the grants forbid it, the
triggers are the second lock. ``tongchou grants-sql ROLE`` prints the statements for the owner to run after each migration.
"""

from __future__ import annotations

import re

from django.apps import apps
from django.db import connection

ADD_ONLY = (
    "control_trailblock",
    "control_trailroot",
    "control_casedecision",
    "control_attachment",
    "control_issuednumber",
    "ledger_journal",
    "ledger_entry",
    "settlement_settlement",
    "settlement_payment",
    "settlement_formerline",
    "settlement_replacement",
    "settlement_policypackage",
    "publication_publishedversion",
    "publication_undoing",
    "registry_change",
)
"""Tables whose rows are added and never changed. The trail itself is narrower still: column by column."""
TRAIL_COLUMNS = (
    "area",
    "channel",
    "operator",
    "post",
    "address",
    "action",
    "object_kind",
    "object_id",
    "person_id",
    "case_id",
    "before",
    "after",
    "reason",
)
SEALED_COLUMNS = {"control_attachment": "content"}
"""The one column of an add-only table that a rotation of keys makes anew; its digest tells any other change."""
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def statements(role: str) -> list[str]:
    """The grants of the application's role, in order; safe to run again.

    Raises:
        ValueError: not a plain role name.
    """
    if not _NAME.fullmatch(role):
        raise ValueError(f"not a plain role name: {role!r}")
    tables = sorted(table for table in _tables() if table != "control_trail")
    changing = [table for table in tables if table not in ADD_ONLY]
    adding = [table for table in tables if table in ADD_ONLY]
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE ALL ON SEQUENCE control_trail_seq FROM {role}",
        f"GRANT USAGE, SELECT ON SEQUENCE control_trail_seq TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(changing)} TO {role}",
        f"GRANT SELECT, INSERT ON {', '.join(adding)} TO {role}",
        *(f"GRANT UPDATE ({column}) ON {table} TO {role}" for table, column in SEALED_COLUMNS.items()),
        f"GRANT SELECT ON control_trail TO {role}",
        f"GRANT INSERT ({', '.join(TRAIL_COLUMNS)}) ON control_trail TO {role}",
    ]


def _tables() -> set[str]:
    """Tables and partitioned tables of the schema, those of foreign extensions left out."""
    owned = (*(f"{config.label}_" for config in apps.get_app_configs()), "django_", "procrastinate_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in cursor.fetchall() if name.startswith(owned)}
