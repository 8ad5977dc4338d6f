"""A dump that was loaded into a new cluster: its transaction numbers recur there, and old journals stay shut all the same."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.instance import Instance
from tests.integration.operation.books import post, prepare
from tongchou.project.postgres import packaged_binaries
from tongchou.project.postgres_owner import Owner

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that every user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def ok(instance: Instance, *arguments: str) -> str:
    done = instance.command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_old_journal_takes_no_entries_when_its_transaction_number_comes_again(folder: Path) -> None:
    old, new = Instance(folder / "old"), Instance(folder / "new")
    try:
        ok(old, "db", "start")
        ok(old, "migrate")
        source = ok(old, "db", "url").strip()
        prepare(source)
        with psycopg.connect(source, autocommit=True) as connection:
            post(connection, 1)
            row = connection.execute("SELECT written_by::text::bigint FROM ledger_journal WHERE id = 1").fetchone()
            assert row is not None
        ok(new, "db", "start")
        target = ok(new, "db", "url").strip()
        loaded = Instance(folder / "loaded", DATABASE_URL=source, TONGCHOU_BACKUPS=str(folder / "backups"))
        ok(loaded, "backup")
        loaded.environment["DATABASE_URL"] = target
        ok(loaded, "restore")
        ok(new, "db", "stop")
        begin_transactions_at(new, row[0])
        ok(new, "db", "start")

        with psycopg.connect(target) as connection:
            while number(connection) < row[0]:
                connection.commit()
            assert number(connection) == row[0], "the very number of the journal's transaction"
            with pytest.raises(psycopg.Error, match="was written by another transaction"):
                connection.execute(
                    "INSERT INTO ledger_entry (journal_id, line, account_id, party, amount, business_date) "
                    "SELECT journal_id, line + 2, account_id, party, amount, business_date FROM ledger_entry"
                )
        with psycopg.connect(target, autocommit=True) as connection:
            post(connection, 2)  # and a new one is posted as ever
    finally:
        new.close()
        old.close()


def begin_transactions_at(instance: Instance, wanted: int) -> None:
    """Let a stopped server give out this number soon."""
    command = [str(packaged_binaries() / "pg_resetwal"), "-x", str(wanted - 2), "-D", str(instance.home / "postgres")]
    owner = Owner.current()
    copy = owner.binaries_copy(packaged_binaries())
    command[0] = str((copy if copy.is_dir() else packaged_binaries()) / "pg_resetwal")
    done: subprocess.CompletedProcess[str] = owner.run(command)
    assert done.returncode == 0, done.stderr


def number(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    assert row is not None
    return int(str(row[0]))
