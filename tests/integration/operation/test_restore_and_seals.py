"""Restoring an instance whose audit trail was sealed: the seals lie outside the database and do not go back in time."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.instance import Instance

pytestmark = pytest.mark.slow


@pytest.fixture
def instance() -> Iterator[Instance]:
    """A migrated instance whose database runs; nobody else acts in it."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    instance = Instance(folder / "home")
    ok(instance, "db", "start")
    ok(instance, "migrate")
    yield instance
    instance.close()
    shutil.rmtree(folder, ignore_errors=True)


def ok(instance: Instance, *arguments: str, code: int = 0) -> str:
    done = instance.command(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def act(instance: Instance) -> None:
    """Something that enters the trail."""
    instance.sql('SELECT control_trail_add(\'[{"action": "test", "object_kind": "test"}]\')')


def act_and_seal(instance: Instance) -> None:
    """The trail grows by a block."""
    before = blocks(instance)
    act(instance)
    ok(instance, "trail", "seal")
    assert blocks(instance) == before + 1


def blocks(instance: Instance) -> int:
    return int(instance.sql("SELECT coalesce(max(number), 0) FROM control_trailblock WHERE area = ''"))


@pytest.mark.requirement("R1.9.03", "R1.9.08")
def test_seals_outside_fit_after_a_restore_and_tell_what_a_moment_gave_up(instance: Instance) -> None:
    act_and_seal(instance)
    ok(instance, "backup")
    assert "与库外留痕存证：止于同一区块" in ok(instance, "drill")

    # Sealed after the backup: the drill says so, and passes.
    act_and_seal(instance)
    report = ok(instance, "drill")
    assert "恢复演练：通过" in report
    assert "备份之后又有封存，属正常" in report
    assert f"区块 {blocks(instance)}，" in report
    assert f"止于区块 {blocks(instance) - 1}" in report

    # Everything to the last transaction: the seals fit, and the doctor has nothing to say.
    ok(instance, "db", "stop")
    shutil.rmtree(instance.home / "postgres" / "base")
    assert "留痕与库外存证衔接" in ok(instance, "restore")
    ok(instance, "db", "start")
    ok(instance, "doctor")

    # To a moment: what was sealed later is named, by the restore and by the doctor.
    moment = datetime.now(UTC)
    time.sleep(1)
    act_and_seal(instance)
    given_up = blocks(instance)
    ok(instance, "db", "stop")
    said = ok(instance, "restore", "--to", moment.isoformat())
    assert "库外存证比恢复后的数据库新" in said
    assert f"链头为区块 {given_up}，" in said
    assert f"止于区块 {given_up - 1}" in said
    ok(instance, "db", "start")
    assert "错误 T5" in ok(instance, "doctor", code=1)

    # Going on as if nothing had been does not cover it: the next seal leaves the witness alone.
    act(instance)
    assert "库外存证比数据库新" in ok(instance, "trail", "seal", code=1)
    assert "错误 T5" in ok(instance, "doctor", code=1)

    # A person looks at it and says why; the old seals are kept, and life goes on.
    ok(instance, "trail", "reanchor", "--reason", "恢复到误删之前，主任批准")
    ok(instance, "doctor")
    act_and_seal(instance)
    ok(instance, "doctor")
    ok(instance, "backup")
    assert "止于同一区块" in ok(instance, "drill")
    assert "主任批准" in instance.sql("SELECT reason FROM control_trail WHERE action = 'reanchor'")
