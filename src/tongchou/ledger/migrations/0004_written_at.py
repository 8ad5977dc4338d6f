"""Numbers of transactions begin anew in a new cluster (a dump that was loaded); with the transaction's time they don't recur."""

import re
from importlib import import_module

from django.db import migrations

GUARDS = import_module("tongchou.ledger.migrations.0002_guards").FORWARD


def _function(name: str) -> str:
    """The function as the guards made it, to be replaced."""
    found = re.search(rf"CREATE FUNCTION {name}\(\).*?\nEND \$\$;", GUARDS, re.DOTALL)
    assert found, name  # noqa: S101 (a mistake of this file, found by the first migration)
    return found[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


def _changed(name: str, old: str, new: str) -> str:
    text = _function(name)
    assert text.count(old) == 1, name  # noqa: S101
    return text.replace(old, new)


ADD = "ALTER TABLE ledger_journal ADD COLUMN written_at timestamptz NOT NULL DEFAULT transaction_timestamp();"
NEW_JOURNALS = _changed(
    "ledger_check_new_journals",
    "WHERE written_by <> pg_current_xact_id())",
    "WHERE written_by <> pg_current_xact_id() OR written_at <> transaction_timestamp())",
)
NEW_ENTRIES = _changed(
    "ledger_check_new_entries",
    "j.written_by <> pg_current_xact_id()",
    "j.written_by <> pg_current_xact_id() OR j.written_at <> transaction_timestamp()",
)
BACKWARD = "\n".join(
    [
        _function("ledger_check_new_journals"),
        _function("ledger_check_new_entries"),
        "ALTER TABLE ledger_journal DROP COLUMN written_at;",
    ]
)


class Migration(migrations.Migration):
    """Entries are added by the transaction that wrote the journal: same number and same time."""

    dependencies = [("ledger", "0003_owed_to_persons")]

    operations = [migrations.RunSQL("\n".join([ADD, NEW_JOURNALS, NEW_ENTRIES]), BACKWARD)]
