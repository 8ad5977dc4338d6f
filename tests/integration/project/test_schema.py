"""The migrated database is the one that the models describe."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_database_is_real_postgresql_with_what_the_schema_needs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 160000
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_no_model_change_lacks_its_migration() -> None:
    output = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=output, stderr=output)
    except SystemExit:
        pytest.fail(f"python -m django makemigrations is due:\n{output.getvalue()}")
