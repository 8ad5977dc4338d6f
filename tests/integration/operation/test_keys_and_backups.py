"""Data keys and backups: never in one place, never only in one; a drill proves that a copy opens what was backed up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instance import Instance

pytestmark = pytest.mark.slow


@pytest.fixture
def instance() -> Iterator[Instance]:
    """A migrated instance with one operator, whose ID number is encrypted."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    instance = Instance(folder / "home")
    ok(instance, "db", "start")
    ok(instance, "migrate")
    ok(instance, "demo", "--persons", "100")
    yield instance
    instance.close()
    shutil.rmtree(folder, ignore_errors=True)


def ok(instance: Instance, *arguments: str, code: int = 0) -> str:
    done = instance.command(*arguments, timeout=240)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.requirement("R1.9.03")
def test_a_copy_of_the_keys_lies_elsewhere_and_is_proved_by_a_drill(instance: Instance) -> None:
    keys = instance.home / "keys" / "data-keys.json"
    backups, safe = instance.home / "backups", instance.home.parent / "safe.json"
    assert "备份中没有数据密钥" in ok(instance, "backup")
    assert not [path for path in backups.rglob("*") if path.name == keys.name]

    shutil.copy(keys, safe)
    assert "密钥副本能打开备份" in ok(instance, "drill", "--keys", str(safe))
    assert "备份中没有数据密钥" not in ok(instance, "backup")

    # A copy beside the backups is refused, whoever put it there.
    shutil.copy(keys, backups / keys.name)
    assert "OPER-033" in ok(instance, "backup", code=2)
    (backups / keys.name).unlink()
    instance.environment["TONGCHOU_BACKUPS"] = str(instance.home)
    assert "OPER-033" in ok(instance, "backup", code=2)
    del instance.environment["TONGCHOU_BACKUPS"]

    # Rotated: the old copy no longer opens what is backed up now, and the drill names the key.
    ok(instance, "keys", "rotate")
    assert "备份中没有数据密钥" in ok(instance, "backup")
    report = ok(instance, "drill", "--keys", str(safe), code=1)
    assert "恢复演练：未通过" in report
    assert "缺少编号为 2 的数据密钥" in report

    # Lost altogether: the drill says so before anybody needs the backup.
    keys.rename(instance.home.parent / "lost.json")
    report = ok(instance, "drill", code=1)
    assert "K1" in report
    assert "OPER-034" in ok(instance, "drill", "--keys", str(instance.home / "nothing"), code=2)
