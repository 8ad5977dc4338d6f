"""Fail-over under the running site: what institutions were answered over HTTP is there exactly once on the new primary.

Two PostgreSQL servers as docs/operations/standby.md sets them up (TCP, passwords, synchronous), a site with two server
processes that knows both by one DATABASE_URL, eight callers over HTTP, and SIGKILL for every process of the primary.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.instance import Instance, fetch

pytestmark = pytest.mark.slow

KILLED, VANISHED = "127.0.0", "10.99.81"
"""The network of the two servers: loopback, or addresses of the loopback device that can be taken away."""
BEFORE, AFTER = 60, 60
"""Settlements answered before the primary dies and after the promotion."""
DECIDING_SECONDS = 3
"""Until a person has made sure that the primary is dead; longer than a caller waits for an answer."""


@dataclass
class Centre:
    """Primary, standby, the site in front, and the address of each database."""

    folder: Path
    primary: Instance
    standby: Instance
    site: Instance
    network: str
    new_address: str

    def lose_primary(self) -> None:
        """Power off: the processes are gone, and in a vanished network not even the operating system says so."""
        if self.network == VANISHED:
            addresses("del", self.network, [81])
        for process in tree(self.primary.database_pid()):
            os.kill(process, signal.SIGKILL)


def addresses(verb: str, network: str, hosts: Sequence[int]) -> bool:
    """Add or remove addresses of the loopback device; False when we may not."""
    done = [
        subprocess.run(["ip", "addr", verb, f"{network}.{host}/32", "dev", "lo"], capture_output=True) for host in hosts
    ]
    return all(one.returncode == 0 for one in done)


@pytest.fixture(params=[KILLED, VANISHED], ids=["killed", "vanished"])
def centre(request: pytest.FixtureRequest) -> Iterator[Centre]:
    """A demo city on a synchronous pair, served by two processes."""
    network = request.param
    if network == VANISHED and not (shutil.which("ip") and addresses("add", network, [81, 82])):
        pytest.skip("only root may take an address away")
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    primary, standby, site = (Instance(folder / name) for name in ("a", "b", "site"))
    try:
        password = set_up(primary, standby, network)
        for other in (standby, site):  # every machine that runs the site has the keys
            shutil.copytree(primary.home / "keys", other.home / "keys")
        login = f"postgresql://tongchou:{password}@"
        both = f"{login}{network}.81:5432,{network}.82:5432/tongchou?target_session_attrs=read-write"
        site.environment["DATABASE_URL"] = both
        site.serve("--no-demo", "--workers", "2")
        yield Centre(folder, primary, standby, site, network, f"{login}{network}.82:5432/tongchou")
    finally:
        for instance in (site, standby, primary):
            instance.close()
        if network == VANISHED:
            addresses("del", network, [81, 82])
        shutil.rmtree(folder, ignore_errors=True)


def set_up(primary: Instance, standby: Instance, network: str) -> str:
    """The commands of the guide, in its order. Returns the site's password."""
    ok(primary, "db", "start")
    ok(primary, "migrate")
    ok(primary, "demo", "--persons", "1500")
    ok(primary, "db", "stop")
    printed = ok(primary, "standby", "allow", "--listen", f"{network}.81", "--network", f"{network}.0/24")
    replicator, password = re.findall(r"password=(\S+)", printed)
    ok(primary, "db", "start")
    source = f"host={network}.81 user=tongchou_replicator password={replicator}"
    ok(standby, "standby", "create", "--primary", source)
    ok(standby, "db", "stop")
    ok(standby, "standby", "allow", "--listen", f"{network}.82", "--network", f"{network}.0/24")
    ok(standby, "db", "start")
    wait_until(lambda: "streaming" in ok(primary, "standby", "status"), "the standby streams")
    ok(primary, "standby", "require")
    return password


def ok(instance: Instance, *arguments: str) -> str:
    done = instance.command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wait_until(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.1)


class Callers:
    """The process that plays institutions (tests/integration/operation/callers.py) and its diary."""

    def __init__(self, centre: Centre) -> None:
        self._diary, self._stop = centre.folder / "diary.jsonl", centre.folder / "stop"
        self._diary.touch()
        self._log = (centre.folder / "callers.log").open("w+")
        program = [sys.executable, "-m", "tests.integration.operation.callers", "--url", centre.site.url]
        self._process = subprocess.Popen(
            [*program, "--diary", str(self._diary), "--stop", str(self._stop)],
            env=centre.site.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def pages(self) -> list[dict[str, Any]]:
        """What is in the diary by now; a line that is just being written waits."""
        return [json.loads(line) for line in self._diary.read_text("utf-8").split("\n")[:-1]]

    def wait_for(self, more: int) -> None:
        """Wait for more settlements; a caller that failed ends the test with what it said."""
        goal = len(self.pages()) + more

        def there() -> bool:
            assert self._process.poll() is None, self.said()
            return len(self.pages()) >= goal

        wait_until(there, f"{goal} settlements", seconds=60)

    def stop(self) -> list[dict[str, Any]]:
        """Let every caller finish its settlement."""
        self._stop.touch()
        assert self._process.wait(timeout=180) == 0, self.said()
        return self.pages()

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def said(self) -> str:
        """What it printed."""
        self._log.seek(0)
        return self._log.read()


@pytest.mark.requirement("R3.01", "R3.02")
@pytest.mark.requirement("R3.06")
def test_what_was_answered_over_http_is_there_once_after_the_primary_died(centre: Centre) -> None:
    callers = Callers(centre)
    try:
        callers.wait_for(BEFORE)
        died_at = time.time()
        centre.lose_primary()
        time.sleep(DECIDING_SECONDS)
        ok(centre.standby, "standby", "promote")
        callers.wait_for(AFTER)
        pages = callers.stop()
    finally:
        callers.kill()

    assert_met_the_death(pages, died_at)
    with psycopg.connect(centre.new_address) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        assert_each_exactly_once(connection, pages)
        assert_the_books_tie(connection)
    assert json.loads(fetch(f"{centre.site.url}/readyz"))["ready"] is True
    wait_until(lambda: worker_lives(centre), "the background worker has found the new primary")
    ok(centre.site, "doctor")


def assert_met_the_death(pages: list[dict[str, Any]], died_at: float) -> None:
    """The drill is one only if messages were under way, and both ways of clearing them up were used."""
    lost = [page for page in pages if page["first"] == "unanswered"]
    assert len([page for page in pages if page["settlement"] and page["answered_at"] < died_at]) >= BEFORE // 2
    assert len([page for page in pages if page["sent_at"] > died_at and page["first"] == "answered"]) >= AFTER // 2
    outcomes = Counter(page["outcome"] for page in lost)
    assert outcomes["settled"] >= 1, outcomes
    assert outcomes["taken back"] + outcomes["nothing"] >= 1, outcomes
    assert {page["infno"] for page in pages} == {"2102", "2207"}
    assert [page for page in pages if page["outcome"] == "settled" and not page["same_again"]] == []


def assert_each_exactly_once(connection: psycopg.Connection[Any], pages: list[dict[str, Any]]) -> None:
    """By number, by message and in total: no settlement is missing, none is there twice, none that nobody knows."""
    rows = connection.execute(
        "SELECT s.id::text, r.message_id, s.total, s.direction, x.id::text FROM settlement_settlement s "
        "LEFT JOIN settlement_receipt r ON r.subject = s.id AND r.transaction IN ('2102', '2207') "
        "LEFT JOIN settlement_settlement x ON x.reversal_of_id = s.id"
    ).fetchall()
    standing = {row[1]: row for row in rows if row[3] == 1 and row[4] is None}
    reversed_ = {row[1] for row in rows if row[3] == 1 and row[4] is not None}
    settled = {page["message_id"]: page for page in pages if page["outcome"] == "settled"}
    assert len([row for row in rows if row[3] == 1]) == len(standing) + len(reversed_), "a message settled twice"
    assert standing.keys() == settled.keys()
    for message, page in settled.items():
        assert standing[message][0] == page["settlement"]
        assert standing[message][2] == page["total"]
    assert reversed_ == {page["message_id"] for page in pages if page["outcome"] == "taken back"}
    never = {page["message_id"] for page in pages if page["outcome"] == "nothing"}
    assert never & {row[1] for row in rows} == set()


def assert_the_books_tie(connection: psycopg.Connection[Any]) -> None:
    """What the ledger owes the institutions is what stands settled, to the fen; every journal balances."""
    owed = connection.execute(
        "SELECT coalesce(-sum(e.amount), 0)::bigint FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id "
        "WHERE a.code LIKE '2101%%'"
    ).fetchone()
    paid = connection.execute(
        "SELECT coalesce(sum(fund_pay + account_pay), 0)::bigint FROM settlement_settlement"
    ).fetchone()
    assert owed == paid
    assert paid is not None
    assert paid[0] > 0
    unbalanced = "SELECT journal_id FROM ledger_entry GROUP BY journal_id HAVING sum(amount) <> 0"
    assert connection.execute(unbalanced).fetchall() == []


def worker_lives(centre: Centre) -> bool:
    checks = json.loads(fetch(f"{centre.site.url}/readyz"))["checks"]
    return any(check["name"] == "后台进程" and check["ok"] for check in checks)


def tree(pid: int) -> list[int]:
    """A server's processes, the first one first: the machine goes away at once."""
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]
