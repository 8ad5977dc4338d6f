"""The data keys of an instance are lost, and come back: what each command says meanwhile."""

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
    """A small demo city whose database runs."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    instance = Instance(folder / "home")
    for arguments in (["db", "start"], ["migrate"], ["demo", "--persons", "100"]):
        done = instance.command(*arguments)
        assert done.returncode == 0, done.stderr[-2000:]
    yield instance
    instance.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.requirement("R1.9.03")
def test_without_its_keys_nothing_starts_and_nothing_new_is_made(instance: Instance) -> None:
    keys = instance.home / "keys"
    kept = keys.with_name("elsewhere")
    keys.rename(kept)
    for arguments in (["serve", "--port", "0"], ["run", "--no-demo", "--port", "0"], ["keys", "rotate"]):
        done = instance.command(*arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "CTRL-053" in done.stderr
        assert "从密钥备份恢复" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (keys / "data-keys.json").exists()
    done = instance.command("db", "start")
    assert done.returncode == 0, done.stderr
    found = instance.command("doctor")
    assert (found.returncode, found.stdout.count("错误 ")) == (1, 1), found.stdout
    assert "K1" in found.stdout
    kept.rename(keys)
    assert instance.command("doctor").returncode == 0
    assert "已换密" in instance.command("keys", "rotate", "--cipher", "SM4-GCM").stdout
    assert "已清理密钥 1" in instance.command("keys", "forget").stdout
    assert instance.command("doctor").returncode == 0
