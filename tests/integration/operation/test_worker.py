"""The worker as a process: killed, and the database under it killed, it does everything exactly once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.instance import Instance

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
STEPS = 400


@pytest.fixture
def instance() -> Iterator[Instance]:
    """A migrated instance whose settings know the test's job kind."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    instance = Instance(
        folder / "home",
        DJANGO_SETTINGS_MODULE="tests.integration.operation.settings_jobs",
        PYTHONPATH=str(ROOT),
    )
    assert instance.command("db", "start").returncode == 0
    done = instance.command("migrate")
    assert done.returncode == 0, done.stderr
    instance.sql("CREATE TABLE work (number integer NOT NULL)")
    yield instance
    instance.close()
    shutil.rmtree(folder, ignore_errors=True)


def start_worker(instance: Instance) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tongchou.project.cli", "worker"], env=instance.environment, start_new_session=True
    )


def ask(instance: Instance, key: str) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.utils import timezone\n"
        "from tongchou.operation import api\n"
        f"api.request_job(kind='test.slow', key='{key}', now=timezone.now(), arguments={{'to': {STEPS}}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=instance.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def value(instance: Instance, query: str) -> str:
    """The one value of a query, as text, or why there is none."""
    try:
        with psycopg.connect(f"host={instance.home / 'socket'} user=tongchou dbname=tongchou") as connection:
            row = connection.execute(query).fetchone()
            return str(row[0]) if row else ""
    except psycopg.OperationalError as error:
        return str(error)


def wait_until(instance: Instance, query: str, expected: str, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while (found := value(instance, query)) != expected:
        assert time.monotonic() < deadline, f"{query}: {found}, not {expected}"
        time.sleep(0.05)


def test_killed_workers_and_a_killed_database_leave_each_step_done_exactly_once(instance: Instance) -> None:
    ask(instance, "one")
    workers = [start_worker(instance)]
    try:
        wait_until(instance, "SELECT count(*) > 20 FROM work", "True")
        workers[-1].send_signal(signal.SIGKILL)
        workers[-1].wait()
        stopped_at = int(value(instance, "SELECT count(*) FROM work"))
        assert stopped_at < STEPS, "the worker must have been killed in the middle"

        workers.append(start_worker(instance))
        wait_until(instance, f"SELECT count(*) > {stopped_at + 10} FROM work", "True")
        os.kill(instance.database_pid(), signal.SIGKILL)
        assert instance.command("db", "start").returncode == 0
        assert int(value(instance, "SELECT count(*) FROM work")) < STEPS, "killed in the middle"

        wait_until(instance, "SELECT status FROM operation_jobrun", "done")
        assert (
            instance.sql("SELECT count(*), count(DISTINCT number), max(number) FROM work")
            == f"{STEPS}|{STEPS}|{STEPS - 1}"
        )
        assert instance.sql("SELECT done, total FROM operation_jobrun") == f"{STEPS}|{STEPS}"
        assert workers[-1].poll() is None, "the worker outlives its database"

        # Asked to end in the middle of a job it leaves after the step it is in; the next one goes on.
        ask(instance, "two")
        wait_until(instance, f"SELECT count(*) > {STEPS + 20} FROM work", "True")
        workers[-1].send_signal(signal.SIGTERM)
        assert workers[-1].wait(30) == 0
        assert int(value(instance, "SELECT count(*) FROM work")) < 2 * STEPS
        assert instance.command("worker", "--until-idle").returncode == 0
        assert value(instance, "SELECT count(*) FROM work") == str(2 * STEPS)
        assert value(instance, "SELECT count(DISTINCT number) FROM work") == str(STEPS)
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
