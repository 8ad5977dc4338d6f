"""A day of the demo city, played over HTTP against a real instance; also with everything killed in the middle."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from tests.instance import Instance, fetch, free_port

START_SECONDS = 90


class Centre:
    """An instance with the demo city and a server on a port that stays the same over restarts."""

    def __init__(self, home: Path, *, persons: int) -> None:
        self.instance = Instance(home)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: subprocess.Popen[bytes] | None = None
        for command in (("db", "start"), ("migrate",), ("demo", "--persons", str(persons), "--quiet")):
            done = self.instance.command(*command, timeout=600)
            assert done.returncode == 0, done.stderr
        self.start()

    def start(self) -> None:
        done = self.instance.command("db", "start")
        assert done.returncode == 0, done.stderr
        self._server = self._spawn("serve", "--port", str(self.port))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._server.poll() is None
            try:
                fetch(f"{self.url}/healthz")
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """SIGKILL to the command, the server, its workers and PostgreSQL, all at once."""
        assert self._server is not None
        database = psutil.Process(self.instance.database_pid())
        serving = psutil.Process(self._server.pid)
        victims = [*serving.children(recursive=True), serving, *database.children(recursive=True), database]
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):  # PostgreSQL's children end with their parent
                victim.kill()
        psutil.wait_procs(victims, timeout=30)
        self._server.wait(30)

    def traffic(self, visits: int, seed: int) -> subprocess.Popen[str]:
        arguments = ("traffic", "--visits", str(visits), "--seed", str(seed), "--url", self.url)
        return self._spawn(*arguments, stdout=subprocess.PIPE, text=True)

    def settlements(self) -> int:
        return int(self.instance.sql("SELECT count(*) FROM settlement_settlement"))

    def books(self) -> dict[str, tuple[Decimal, ...]]:
        """What all institutions have booked: settlement id → total, fund, account, in fen."""
        entries = [
            json.loads(line)
            for file in (self.instance.home / "traffic").glob("*.jsonl")
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
        found = {each["settlement"]: (each["total"], each["fund_pay"], each["account_pay"]) for each in entries}
        assert len(found) == len(entries)
        return found

    def close(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            self._server.wait(60)
        self.instance.close()

    def _spawn(self, *arguments: str, **options: object) -> subprocess.Popen:  # type: ignore[type-arg]
        command = [sys.executable, "-m", "tongchou.project.cli", *arguments]
        return subprocess.Popen(command, env=self.instance.environment, **options)  # type: ignore[call-overload]


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def assert_equal_to_the_fen(centre: Centre, traffic: subprocess.Popen[str]) -> None:
    """Traffic found nothing, doctor finds nothing, and every booked settlement is in the centre once, as it was answered."""
    report, _ = traffic.communicate(timeout=1200)
    assert traffic.returncode == 0, report
    assert "分毫不差" in report
    doctor = centre.instance.command("doctor", timeout=300)
    assert doctor.returncode == 0, doctor.stdout
    rows = centre.instance.sql("SELECT id, total, fund_pay, account_pay FROM settlement_settlement").splitlines()
    stored = {key: tuple(map(int, amounts)) for key, *amounts in (row.split("|") for row in rows)}
    assert len(stored) == len(rows)
    booked = centre.books()
    assert booked
    assert {key: stored.get(key) for key in booked} == booked


@pytest.mark.slow
@pytest.mark.requirement("R1.3.03", "R3.08", "R2.02")
def test_a_day_ends_equal(folder: Path) -> None:
    centre = Centre(folder / "home", persons=3000)
    try:
        assert_equal_to_the_fen(centre, centre.traffic(visits=300, seed=1))
        closed = centre.instance.command("close-day", timeout=300)
        assert closed.returncode == 0, closed.stdout + closed.stderr
    finally:
        centre.close()


@pytest.mark.slow
@pytest.mark.requirement("R3.08", "R3.06")
@pytest.mark.parametrize(("visits", "kills"), [(400, 2), (5000, 4)])
def test_nothing_is_lost_or_doubled_when_all_is_killed(folder: Path, visits: int, kills: int) -> None:
    centre = Centre(folder / "home", persons=6000)
    try:
        traffic = centre.traffic(visits=visits, seed=3)
        for number in range(1, kills + 1):
            enough = visits * number // (kills + 2)
            while centre.settlements() < enough:
                assert traffic.poll() is None, traffic.communicate()[0]
                time.sleep(0.2)
            centre.kill()
            centre.start()
        assert_equal_to_the_fen(centre, traffic)
    finally:
        centre.close()
