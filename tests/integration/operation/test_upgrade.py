"""Upgrades: expanding first, contracting when the old version is gone; a newer schema is not worked on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from tests.instance import Instance
from tongchou.kernel.rejection import Rejection
from tongchou.operation import upgrade
from tongchou.operation.models import SchemaStamp

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def forget() -> Iterator[MigrationRecorder]:
    """The recorder of applied migrations; what a test writes into it is put right again."""
    recorder = MigrationRecorder(connection)
    before = set(recorder.applied_migrations())
    yield recorder
    after = set(recorder.applied_migrations())
    for key in after - before:
        recorder.record_unapplied(*key)
    for key in before - after:
        recorder.record_applied(*key)


def test_an_up_to_date_schema_has_nothing_due() -> None:
    found = upgrade.state()
    assert (found.expand, found.contract, found.unknown) == ((), (), ())
    assert upgrade.upgrade(contract=False, now=timezone.now()) == []
    assert not SchemaStamp.objects.exists()


def test_a_schema_that_a_newer_version_made_is_refused_with_its_name(forget: MigrationRecorder) -> None:
    SchemaStamp.objects.create(version="9.1", phase="expand", migrations=[], applied_at=timezone.now())
    forget.record_applied("ledger", "9999_from_the_future")
    with pytest.raises(Rejection, match=r"OPER-022.*ledger\.9999_from_the_future.*9\.1"):
        upgrade.refuse_newer_schema()
    with pytest.raises(Rejection, match="OPER-022"):
        upgrade.upgrade(contract=False, now=timezone.now())


def test_a_program_can_be_gone_back_to_until_the_schema_is_contracted(forget: MigrationRecorder) -> None:
    forget.record_applied("ledger", "9998_adds_a_column")
    now = timezone.now()
    SchemaStamp.objects.create(version="9.1", phase="expand", migrations=["ledger.9998_adds_a_column"], applied_at=now)
    upgrade.refuse_newer_schema()
    assert upgrade.state().ahead == ("ledger.9998_adds_a_column",)
    forget.record_applied("ledger", "9999_drops_a_column")
    SchemaStamp.objects.create(
        version="9.1", phase="contract", migrations=["ledger.9999_drops_a_column"], applied_at=now
    )
    with pytest.raises(Rejection, match=r"OPER-022.*9999_drops_a_column"):
        upgrade.refuse_newer_schema()


def test_what_is_due_is_told_apart_by_phase(forget: MigrationRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    forget.record_unapplied("operation", "0001_initial")
    assert upgrade.state().expand == ("operation.0001_initial",)
    monkeypatch.setattr(upgrade, "is_contracting", lambda migration: True)
    assert upgrade.state().contract == ("operation.0001_initial",)
    assert upgrade.state().expand == ()


def test_a_migration_that_hurts_the_version_before_must_say_so() -> None:
    class Hidden(migrations.Migration):
        operations = [
            migrations.RemoveField("x", "y"),
            migrations.RunSQL("ALTER TABLE x DROP COLUMN y"),
            migrations.AddField("x", "z", models.IntegerField(null=True)),
        ]

    class Said(Hidden):
        phase = "contract"

    assert len(upgrade.hidden_contractions(Hidden("0002", "x"))) == 2
    assert upgrade.hidden_contractions(Said("0002", "x")) == []


def test_no_expanding_migration_waits_for_a_contracting_one_elsewhere() -> None:
    """Of another room: else the first phase could not be done while the version before still works (OPER-023)."""
    loader = MigrationLoader(connection)
    waiting = {
        ".".join(key): ".".join(earlier)
        for key, migration in loader.disk_migrations.items()
        for earlier in loader.graph.forwards_plan(key)
        if earlier[0] != key[0]
        and not upgrade.is_contracting(migration)
        and upgrade.is_contracting(loader.disk_migrations[earlier])
    }
    assert waiting == {}


@pytest.mark.slow
def test_the_program_does_not_start_on_a_newer_schema() -> None:
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    instance = Instance(folder / "home")
    try:
        assert instance.command("db", "start").returncode == 0
        assert instance.command("upgrade", "--check").returncode == 1, "a new database lacks everything"
        assert instance.command("upgrade").returncode == 0
        assert instance.command("upgrade", "--check").returncode == 0, (
            "and gets everything: no older version works on it"
        )
        assert instance.sql("SELECT count(*) FROM operation_schemastamp") == "1"
        instance.sql("INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '9999_future', now())")
        for arguments in (["run", "--no-demo", "--port", "0"], ["serve", "--port", "0"], ["worker"], ["migrate"]):
            done = instance.command(*arguments)
            assert done.returncode == 2, arguments
            assert "OPER-022" in done.stderr
            assert "ledger.9999_future" in done.stderr
            assert "Traceback" not in done.stderr
    finally:
        instance.close()
        shutil.rmtree(folder, ignore_errors=True)
