"""An instance in an operator's hands: it keeps its data, comes back after a crash, and says clearly what is wrong."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.instance import Instance, fetch
from tongchou.project.postgres import Cluster


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that every user can enter; pytest's own is closed to the database's user when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def instance(folder: Path) -> Iterator[Instance]:
    instance = Instance(folder / "home")
    yield instance
    instance.close()


def one_clear_line(text: str) -> str:
    """The error line for the operator: exactly one, in both languages, no traceback."""
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("错误：")
    assert re.search(r" / [A-Za-z]", lines[0])
    return lines[0]


def test_stop_and_start_loses_nothing(instance: Instance) -> None:
    assert instance.command("db", "start").returncode == 0
    instance.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('统筹')")
    assert instance.command("db", "stop").returncode == 0
    assert instance.command("db", "status").returncode == 1
    assert instance.command("db", "start").returncode == 0
    assert instance.sql("SELECT word FROM kept") == "统筹"


def test_a_killed_database_recovers_by_itself_at_the_next_start(instance: Instance) -> None:
    instance.command("db", "start")
    instance.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('已提交')")
    os.kill(instance.database_pid(), signal.SIGKILL)
    assert instance.command("db", "start").returncode == 0
    assert instance.sql("SELECT word FROM kept") == "已提交"


def test_a_command_that_meets_a_stopping_database_waits_for_it(instance: Instance) -> None:
    instance.command("db", "start")
    os.kill(instance.database_pid(), signal.SIGTERM)  # "smart": it goes when the last session has gone
    assert instance.sql("SELECT 1") == "1"


def test_a_pid_file_that_names_another_program_does_not_hinder_the_start(instance: Instance) -> None:
    """After a reboot the number in postmaster.pid may belong to anyone."""
    instance.command("db", "start")
    os.kill(instance.database_pid(), signal.SIGKILL)
    pid_file = instance.home / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert instance.command("db", "start").returncode == 0
    assert instance.sql("SELECT 1") == "1"


def test_the_site_answers_and_stops_in_order(instance: Instance) -> None:
    url = instance.serve()
    assert "<html" in fetch(f"{url}/login/")
    output = instance.interrupt()
    assert url in output
    assert instance.exit_code == 0
    assert instance.command("db", "status").returncode == 1, "the database that run started must be stopped by it"


def test_a_second_run_on_the_same_home_is_refused(instance: Instance) -> None:
    url = instance.serve()
    done = instance.command("run", "--no-demo", "--port", "0")
    assert done.returncode == 2
    assert "已在运行" in one_clear_line(done.stderr)
    assert answers(url)


def test_a_database_killed_under_the_running_site_comes_back_by_itself(instance: Instance) -> None:
    url = instance.serve()
    os.kill(instance.database_pid(), signal.SIGKILL)
    wait_until(lambda: instance.command("db", "status").returncode == 0)
    assert "<html" in fetch(f"{url}/login/")
    assert "正在恢复" in instance.interrupt()


def test_a_killed_run_leaves_nothing_that_hinders_the_next(instance: Instance) -> None:
    first = instance.serve()
    assert instance.interrupt(signal.SIGKILL)
    assert instance.command("db", "status").returncode == 0, "PostgreSQL is no child of ours; it stays"
    wait_until(lambda: not answers(first))
    second = instance.serve()
    assert "<html" in fetch(f"{second}/login/")
    instance.interrupt()
    assert instance.command("db", "status").returncode == 1, "the next run takes the database over, and stops it"


def answers(url: str) -> bool:
    try:
        return fetch(f"{url}/healthz") == "ok\n"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: int = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def test_a_port_in_use_is_said_before_anything_is_started(instance: Instance) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = instance.command("run", "--port", str(listener.getsockname()[1]))
    assert done.returncode == 2
    assert "--port" in one_clear_line(done.stderr)
    assert not (instance.home / "postgres").exists()


def test_a_broken_data_folder_is_named(instance: Instance) -> None:
    instance.command("db", "start")
    instance.command("db", "stop")
    (instance.home / "postgres" / "global" / "pg_control").write_bytes(b"\0" * 8192)
    done = instance.command("db", "start")
    assert done.returncode == 2
    assert "备份" in one_clear_line(done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_as_root_a_closed_home_sends_the_data_elsewhere_and_opens_no_folder(folder: Path) -> None:
    folder.chmod(0o700)
    instance = Instance(folder / "home")
    try:
        assert instance.command("db", "start").returncode == 0
        instance.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('别处')")
        place = Path((folder / "home" / "postgres.path").read_text().strip())
        assert (place / "postgres" / "PG_VERSION").exists()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (place / "postgres").stat().st_mode & 0o777 == 0o700
        folder.chmod(0o755)  # opened later: the data stays where it is
        instance.command("db", "stop")
        assert instance.sql("SELECT word FROM kept") == "别处"
    finally:
        instance.close()
        shutil.rmtree(place)


def test_a_data_folder_that_is_something_else_is_left_alone(instance: Instance) -> None:
    data = instance.home / "postgres"
    data.mkdir(parents=True)
    (data / "letter.txt").write_text("not a database")
    done = instance.command("db", "start")
    assert done.returncode == 2
    assert str(data) in one_clear_line(done.stderr)
    assert (data / "letter.txt").read_text() == "not a database"


def test_a_data_folder_of_another_major_version_is_named(instance: Instance) -> None:
    instance.command("db", "start")
    instance.command("db", "stop")
    (instance.home / "postgres" / "PG_VERSION").write_text("15\n")
    done = instance.command("db", "start")
    assert done.returncode == 2
    line = one_clear_line(done.stderr)
    assert "PostgreSQL 15" in line
    assert "pg_dump" in line


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody can write")
def test_a_home_that_cannot_be_written_is_named() -> None:
    done = Instance(Path("/proc/tongchou")).command("db", "start")
    assert done.returncode == 2
    assert "TONGCHOU_HOME" in one_clear_line(done.stderr)


def test_a_full_disk_is_named(folder: Path) -> None:
    """A real one: a file system of 20 MB is too small for a database."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small file system")
    try:
        done = Instance(folder / "home").command("db", "start")
        assert done.returncode == 2
        assert "磁盘空间不足" in one_clear_line(done.stderr)
        assert not (folder / "home" / "postgres").exists()
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_long_home_path_and_a_foreign_locale_are_no_hindrance(folder: Path) -> None:
    instance = Instance(folder / ("很长的目录名" * 8) / "home", LANG="xx_XX.UTF-8", LC_ALL="xx_XX.UTF-8")
    try:
        assert instance.command("db", "start").returncode == 0
        assert instance.sql("SELECT lower('ÄÖÜ'), upper('ß统ü')") == "äöü|ß统Ü"
    finally:
        instance.close()


def test_another_server_is_used_when_database_url_names_one(tmp_path: Path, cluster: Cluster) -> None:
    import psycopg

    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE foreign_server")
    url = f"postgresql://tongchou@/foreign_server?host={cluster.socket}&port=5432"
    instance = Instance(tmp_path / "home", DATABASE_URL=url)
    assert instance.command("migrate").returncode == 0
    assert instance.sql("SELECT count(*) > 0 FROM django_migrations") == "t"
    assert not (instance.home / "postgres").exists()
    assert "DATABASE_URL" in one_clear_line(instance.command("db", "start").stderr)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("nonsense", "postgresql://"),
        ("postgresql://someone@127.0.0.1:1/nothing", "无法连接"),
        ("postgresql://someone@127.0.0.1", "数据库名"),
    ],
)
def test_a_wrong_database_url_is_named(tmp_path: Path, url: str, hint: str) -> None:
    done = Instance(tmp_path / "home", DATABASE_URL=url).command("migrate")
    assert done.returncode == 2
    assert hint in one_clear_line(done.stderr)


def test_wrong_usage_names_the_help(instance: Instance) -> None:
    done = instance.command("no-such-command")
    assert done.returncode == 2
    assert "-h" in one_clear_line(done.stderr)


@pytest.mark.parametrize("command", [("doctor",), ("traffic", "--visits", "1")])
def test_a_command_on_an_unmigrated_database_says_so_in_one_line(instance: Instance, command: tuple[str, ...]) -> None:
    done = instance.command(*command)
    assert done.returncode == 2
    assert "tongchou migrate" in one_clear_line(done.stderr)


def test_a_port_that_is_none_is_named(instance: Instance) -> None:
    done = instance.command("run", "--port", "99999")
    assert done.returncode == 2
    assert "端口 99999 超出范围" in one_clear_line(done.stderr)


def test_serving_an_unmigrated_database_says_so(instance: Instance) -> None:
    done = instance.command("serve", "--port", "0")
    assert done.returncode == 2
    assert "tongchou migrate" in one_clear_line(done.stderr)
