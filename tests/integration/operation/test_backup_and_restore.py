"""Backup, destruction, restore: on real servers, through the commands an operator types."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.instance import Instance
from tests.integration.operation.books import Writer, journals, post, prepare
from tongchou.operation.store import MANIFEST, Store, read_manifest, write_manifest

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that every user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def instance(folder: Path) -> Iterator[Instance]:
    """A migrated instance whose database runs."""
    instance = Instance(folder / "home")
    ok(instance, "db", "start")
    ok(instance, "migrate")
    prepare(conninfo(instance))
    yield instance
    instance.close()


def conninfo(instance: Instance) -> str:
    return instance.command("db", "url").stdout.strip()


def ok(instance: Instance, *arguments: str) -> str:
    done = instance.command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(instance: Instance, code: str, *arguments: str) -> str:
    """The command is refused with one clear line."""
    done = instance.command(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert code in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def store_of(instance: Instance) -> Store:
    return Store(instance.home / "backups")


@pytest.mark.requirement("R1.9.03")
def test_nothing_answered_is_lost_whatever_is_destroyed(instance: Instance) -> None:
    writer = Writer(conninfo(instance)).start()
    writer.wait_for(50)
    ok(instance, "backup")
    writer.wait_for(50)
    moment = writer.answered[-1][1] + timedelta(milliseconds=5)
    writer.wait_for(50)
    before_last_backup = {number for number, _ in writer.answered}
    ok(instance, "backup")
    last_backup = store_of(instance).choose().name
    writer.wait_for(50)
    writer.stop()
    answered = {number for number, _ in writer.answered}
    ok(instance, "db", "stop")

    # The data files are destroyed, the log of the last seconds is not: everything comes back.
    shutil.rmtree(instance.home / "postgres" / "base")
    ok(instance, "restore")
    assert answered <= held(instance)

    # The whole data folder is gone: everything up to the last archived segment comes back.
    shutil.rmtree(instance.home / "postgres")
    ok(instance, "restore")
    assert before_last_backup <= held(instance)

    # To a moment: all that was answered before it, nothing that came later.
    ok(instance, "restore", "--to", moment.isoformat())
    found = held(instance)
    before = {number for number, at in writer.answered if at <= moment}
    assert before <= found
    assert len(found - before) <= 1, "at most the one transaction that was under way at that very moment"

    # That moment is the present now: a restore leads there again. What was given up comes back only when it is named.
    ok(instance, "restore")
    assert held(instance) == found
    ok(instance, "restore", "--backup", last_backup)
    assert before_last_backup <= held(instance)


def held(instance: Instance) -> set[int]:
    """The journals of a stopped instance."""
    ok(instance, "db", "start")
    found = journals(conninfo(instance))
    ok(instance, "db", "stop")
    return found


@pytest.mark.requirement("R1.9.03")
def test_the_drill_ties_the_last_backup_to_the_books_and_finds_what_was_lost_since(instance: Instance) -> None:
    writer = Writer(conninfo(instance)).start()
    writer.wait_for(50)
    ok(instance, "backup")
    writer.wait_for(20)
    writer.stop()
    report = ok(instance, "drill")
    assert "恢复演练：通过" in report
    assert "与备份点账簿合计：一致" in report

    with psycopg.connect(conninfo(instance), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # a fraud that switches the guards off
        connection.execute("DELETE FROM ledger_entry")
        connection.execute("DELETE FROM ledger_journal")
    done = instance.command("drill")
    assert done.returncode == 1
    assert "备份之后有丢失" in done.stdout


def test_the_drill_finds_a_backup_whose_books_are_not_those_of_its_moment(instance: Instance) -> None:
    with psycopg.connect(conninfo(instance), autocommit=True) as connection:
        post(connection, 1)
    ok(instance, "backup")
    backup = store_of(instance).choose()
    manifest = read_manifest(backup.folder)
    assert manifest is not None
    manifest.ties["journals"][0][3] += 1  # one fen
    write_manifest(backup.folder, manifest)
    done = instance.command("drill")
    assert done.returncode == 1
    assert "与备份点账簿合计：不一致" in done.stdout


@pytest.mark.requirement("R3.03")
def test_a_copy_of_the_backups_elsewhere_brings_the_centre_back_on_another_machine(
    instance: Instance, folder: Path
) -> None:
    with psycopg.connect(conninfo(instance), autocommit=True) as connection:
        post(connection, 1)
    ok(instance, "backup")
    shutil.copytree(instance.home / "backups", folder / "elsewhere")
    instance.close()
    shutil.rmtree(instance.home)

    other = Instance(folder / "other-machine", TONGCHOU_BACKUPS=str(folder / "elsewhere"))
    try:
        ok(other, "restore")
        ok(other, "db", "start")
        assert journals(conninfo(other)) == {1}
    finally:
        other.close()


@pytest.mark.requirement("R0.06")
def test_a_sealed_backup_opens_with_the_private_key_only(instance: Instance, folder: Path) -> None:
    printed = ok(instance, "backup", "--new-key", str(folder / "private"))
    instance.environment["TONGCHOU_BACKUP_KEY"] = printed.split("TONGCHOU_BACKUP_KEY=")[1].strip()
    with psycopg.connect(conninfo(instance), autocommit=True) as connection:
        post(connection, 1, fen=987_654_321)
    ok(instance, "backup")
    files = [path for path in (instance.home / "backups").rglob("*") if path.is_file()]
    assert all(path.suffix == ".age" for path in files if not path.name.startswith("manifest"))
    ok(instance, "db", "stop")
    shutil.rmtree(instance.home / "postgres")

    refused(instance, "OPER-011", "restore")
    ok(instance, "backup", "--new-key", str(folder / "another"))
    refused(instance, "OPER-012", "restore", "--identity", str(folder / "another"))
    refused(instance, "OPER-013", "restore", "--identity", str(folder / "home.log"))
    ok(instance, "restore", "--identity", str(folder / "private"))
    ok(instance, "db", "start")
    assert journals(conninfo(instance)) == {1}


def test_what_cannot_be_restored_is_said_and_touches_nothing(instance: Instance) -> None:
    refused(instance, "OPER-002", "restore")
    ok(instance, "backup")
    with psycopg.connect(conninfo(instance), autocommit=True) as connection:
        post(connection, 1)
    refused(instance, "OPER-007", "restore")
    ok(instance, "db", "stop")
    refused(instance, "OPER-009", "restore", "--to", "yesterday")
    refused(instance, "OPER-010", "restore", "--to", "2020-01-01 00:00:00")
    refused(instance, "OPER-008", "restore", "--to", "2090-01-01 00:00:00")

    backup = store_of(instance).choose()
    base = backup.folder / "base.tar.gz"
    content = base.read_bytes()
    base.write_bytes(content[:1000] + bytes([content[1000] ^ 1]) + content[1001:])
    assert "base.tar.gz" in refused(instance, "OPER-003", "restore")
    base.write_bytes(content)
    original = read_manifest(backup.folder)
    assert original is not None
    raw = json.loads((backup.folder / MANIFEST).read_text()) | {"postgres": "15.4"}
    write_manifest(backup.folder, type(original)(**raw))
    assert "15.4" in refused(instance, "OPER-006", "restore")
    (backup.folder / MANIFEST).write_text("{}")
    refused(instance, "OPER-003", "restore", "--backup", backup.name)

    ok(instance, "db", "start")
    assert journals(conninfo(instance)) == {1}, "refusals left the database as it was"


def test_a_foreign_server_is_dumped_and_loaded_into_an_empty_database(instance: Instance, folder: Path) -> None:
    with psycopg.connect(conninfo(instance), autocommit=True) as connection:
        post(connection, 1)
        connection.execute("CREATE DATABASE empty")
    url = conninfo(instance)
    foreign = Instance(folder / "other", DATABASE_URL=url)
    ok(foreign, "backup")
    refused(foreign, "OPER-016", "restore")
    refused(foreign, "OPER-017", "restore", "--to", "2090-01-01 00:00:00")
    foreign.environment["DATABASE_URL"] = url.replace("dbname=tongchou", "dbname=empty")
    ok(foreign, "restore")
    assert journals(foreign.environment["DATABASE_URL"]) == {1}
