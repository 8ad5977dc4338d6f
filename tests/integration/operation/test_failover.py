"""Fail-over: with a synchronous standby, the death of the primary loses nothing that was answered."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.instance import Instance
from tests.integration.operation.books import Writer, journals, post, prepare

pytestmark = pytest.mark.slow


@pytest.fixture
def pair() -> Iterator[tuple[Instance, Instance]]:
    """A migrated primary and the empty home of its standby."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    primary, standby = Instance(folder / "a"), Instance(folder / "b")
    ok(primary, "db", "start")
    ok(primary, "migrate")
    prepare(address(primary))
    yield primary, standby
    standby.close()
    primary.close()
    shutil.rmtree(folder, ignore_errors=True)


def ok(instance: Instance, *arguments: str) -> str:
    done = instance.command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def address(instance: Instance) -> str:
    return instance.command("db", "url").stdout.strip()


def either(first: Instance, second: Instance) -> str:
    """One address for both: whichever takes writes."""
    sockets = f"{first.home / 'socket'},{second.home / 'socket'}"
    return f"host='{sockets}' port=5432,5432 user=tongchou dbname=tongchou target_session_attrs=read-write"


@pytest.mark.requirement("R3.02")
@pytest.mark.requirement("R3.06")
def test_no_answered_write_is_lost_when_the_primary_dies(pair: tuple[Instance, Instance]) -> None:
    primary, standby = pair
    ok(standby, "standby", "create", "--primary", address(primary))
    ok(primary, "standby", "require")
    assert "同步" in ok(primary, "standby", "status")
    assert "角色：备机" in ok(standby, "standby", "status")

    writer = Writer(either(primary, standby)).start()
    writer.wait_for(200)

    # Answered means: both have it. While the standby stands still, nobody gets an answer.
    stopped = standby.database_pid()
    for process in _tree(stopped):
        os.kill(process, signal.SIGSTOP)
    time.sleep(0.5)
    before = len(writer.answered)
    time.sleep(1)
    assert len(writer.answered) <= before
    for process in _tree(stopped):
        os.kill(process, signal.SIGCONT)
    writer.wait_for(100)

    os.kill(primary.database_pid(), signal.SIGKILL)
    answered_by_the_dead = {number for number, _ in writer.answered}
    ok(standby, "standby", "promote")
    writer.wait_for(100)
    writer.stop()

    assert writer.failures > 0, "the writer must have met the death of the primary"
    survived = journals(address(standby))
    assert answered_by_the_dead <= survived
    assert {number for number, _ in writer.answered} <= survived
    assert "角色：主机" in ok(standby, "standby", "status")


def test_between_two_machines_only_those_with_the_password_come_in(pair: tuple[Instance, Instance]) -> None:
    """Over TCP, as between machines; an address of its own, so that no other server is in the way."""
    primary, standby = pair
    ok(primary, "db", "stop")
    printed = ok(primary, "standby", "allow", "--listen", "127.0.0.77", "--network", "127.0.0.0/8")
    replicator, site = re.findall(r"password=(\S+)", printed)
    ok(primary, "db", "start")
    for user, password in [("tongchou_replicator", "wrong"), ("tongchou", "wrong"), ("postgres", replicator)]:
        with pytest.raises(psycopg.OperationalError, match=r"password|no pg_hba|reject|does not exist"):
            psycopg.connect(host="127.0.0.77", user=user, password=password, dbname="tongchou")
    ok(standby, "standby", "create", "--primary", f"host=127.0.0.77 user=tongchou_replicator password={replicator}")
    ok(primary, "standby", "require")
    with psycopg.connect(host="127.0.0.77", user="tongchou", password=site, dbname="tongchou") as connection:
        post(connection, 1)
    assert journals(address(standby)) == {1}

    # The standby has an address of its own for the day it is promoted; then the site finds it with the same password.
    ok(standby, "db", "stop")
    ok(primary, "standby", "require", "--off")
    assert "口令与主机相同" in ok(standby, "standby", "allow", "--listen", "127.0.0.78", "--network", "127.0.0.0/8")
    ok(standby, "db", "start")
    os.kill(primary.database_pid(), signal.SIGKILL)
    ok(standby, "standby", "promote")
    both = "host=127.0.0.77,127.0.0.78 target_session_attrs=read-write"
    with psycopg.connect(f"{both} user=tongchou password={site} dbname=tongchou", connect_timeout=60) as connection:
        post(connection, 2)
    assert journals(address(standby)) == {1, 2}


def test_the_site_goes_on_with_the_promoted_server(pair: tuple[Instance, Instance]) -> None:
    """The application's pool finds the new primary by itself: one DATABASE_URL names both."""
    primary, standby = pair
    ok(standby, "standby", "create", "--primary", address(primary))
    site = Instance(primary.home.with_name("site"), DATABASE_URL=either(primary, standby))
    try:
        assert "[X]" in ok(site, "db", "psql", "-c", "SELECT '[X]'")
        os.kill(primary.database_pid(), signal.SIGKILL)
        ok(standby, "standby", "promote")
        ok(site, "migrate")
        with psycopg.connect(address(standby)) as connection:
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    finally:
        site.close()


def test_what_cannot_be_done_is_said(pair: tuple[Instance, Instance]) -> None:
    primary, standby = pair
    for instance, code, arguments in [
        (primary, "OPER-019", ("standby", "create", "--primary", address(primary))),
        (standby, "OPER-021", ("standby", "create", "--primary", "host=/nowhere user=x")),
        (primary, "OPER-020", ("standby", "promote")),
        (primary, "OPER-021", ("standby", "require")),
        (primary, "OPER-007", ("standby", "allow", "--listen", "127.0.0.1", "--network", "127.0.0.1/32")),
    ]:
        done = instance.command(*arguments)
        assert done.returncode == 2, arguments
        assert code in done.stderr
        assert "Traceback" not in done.stderr


def _tree(pid: int) -> list[int]:
    import psutil

    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]
