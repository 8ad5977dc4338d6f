"""G1: the database's own guards are there and switched on; the list of them is complete."""

from __future__ import annotations

import pytest
from django.db import connection

from tongchou.control import guards

pytestmark = pytest.mark.django_db


def sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


def test_the_list_of_guards_is_that_of_the_schema() -> None:
    """A new trigger that keeps something is entered in ``control/guards.py``: only then is it missed when it is gone."""
    assert guards.expected() == set(guards.present())


def test_a_guard_that_was_switched_off_is_found() -> None:
    assert guards.check() == []
    sql("ALTER TABLE control_trail DISABLE TRIGGER immutable")
    assert [found.what for found in guards.check()] == ["数据库防护 control_trail.immutable 已停用"]
    sql("ALTER TABLE control_trail ENABLE TRIGGER immutable")
    sql("ALTER TABLE ledger_journal ENABLE REPLICA TRIGGER journal_balanced")
    assert [found.number for found in guards.check()] == ["G1"], "on for replication only is off"


def test_a_guard_that_was_dropped_is_found() -> None:
    sql("DROP TRIGGER trail_update ON registry_person")
    found = guards.check()
    assert [(one.number, one.what) for one in found] == [("G1", "数据库防护 registry_person.trail_update 已缺失")]
    assert "tongchou migrate" in found[0].remedy


def test_a_guard_that_was_switched_off_on_one_partition_is_found() -> None:
    sql("ALTER TABLE settlement_feeline_default DISABLE TRIGGER bought_kept")
    assert [found.what for found in guards.check()] == ["数据库防护 settlement_feeline_default.bought_kept 已停用"]
