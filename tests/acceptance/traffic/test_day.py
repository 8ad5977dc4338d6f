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
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest

from tests.instance import Instance, fetch, free_port
from tests.integration.exchange.gateway import Caller
from tongchou.exchange.signing import sm

START_SECONDS = 90


class Centre:
    """An instance with the demo city and a server on a port that stays the same over restarts."""

    def __init__(self, home: Path, *, persons: int) -> None:
        self.instance = Instance(home)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: subprocess.Popen[bytes] | None = None
        try:
            for command in (("db", "start"), ("migrate",), ("demo", "--persons", str(persons), "--quiet")):
                done = self.instance.command(*command, timeout=600)
                assert done.returncode == 0, done.stderr
            self.start()
        except BaseException:
            self.close()
            raise

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
        psutil.wait_procs(victims, timeout=120)
        self._server.wait(30)

    def traffic(self, visits: int, seed: int, *more: str) -> subprocess.Popen[str]:
        arguments = ("traffic", "--visits", str(visits), "--seed", str(seed), "--url", self.url, *more)
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


def assert_simulated_as_settled(centre: Centre, folder: Path) -> None:
    """The day's claims, taken out and simulated under the policies in force, give every amount that was settled."""
    standing = (
        "FROM settlement_settlement s WHERE s.direction = 1 AND s.scheme = '{}'"
        " AND NOT EXISTS (SELECT 1 FROM settlement_settlement r WHERE r.reversal_of_id = s.id)"
    )
    for scheme in ("310", "390"):
        file = folder / f"claims-{scheme}.parquet"
        year = centre.instance.sql(f"SELECT max(benefit_year) {standing.format(scheme)}").strip()
        given = ("--area", "629900", "--scheme", scheme)
        exported = centre.instance.command("simulate-export", str(file), *given, "--year", year, timeout=300)
        assert exported.returncode == 0, exported.stderr
        done = centre.instance.command("simulate", str(file), *given, "--json", timeout=300)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        count = int(centre.instance.sql(f"SELECT count(*) {standing.format(scheme)}"))
        assert found["recorded"] == {"compared": count, "differing": 0, "first": []}
        sums = centre.instance.sql(
            "SELECT p.fund, sum(p.amount) FROM settlement_payment p WHERE p.settlement_id IN"
            f" (SELECT s.id {standing.format(scheme)}) GROUP BY p.fund"
        )
        funds = {row["name"][0]: row["values"][0] for row in found["outlay"]["fund"] if row["values"][0]}
        assert funds == {fund: int(amount) for fund, amount in (line.split("|") for line in sums.splitlines())}


@pytest.mark.slow
@pytest.mark.requirement("R1.3.03", "R3.08", "R2.02", "R2.08", "R2.14")
def test_a_day_ends_equal(folder: Path) -> None:
    centre = Centre(folder / "home", persons=3000)
    try:
        assert_equal_to_the_fen(centre, centre.traffic(visits=300, seed=1))
        closed = centre.instance.command("close-day", timeout=300)
        assert closed.returncode == 0, closed.stdout + closed.stderr
        assert_simulated_as_settled(centre, folder)
    finally:
        centre.close()


def hand_keys_over(centre: Centre, folder: Path) -> Path:
    """Keys for every institution of the city: some sign, some encrypt too. What each got lies in the folder."""
    folder.mkdir(mode=0o700)
    assert centre.instance.command("gateway-keys", "centre").returncode == 0
    codes = centre.instance.sql("SELECT code FROM providers_institution ORDER BY code").split()
    for number, code in enumerate(codes):
        agreed = ("off", "answers", "both")[number % 3]
        cipher = ("SM4-GCM", "SM4-ECB")[number // 3 % 2]
        words = ("make", code, "--out", str(folder / f"{code}.toml"), "--encryption", agreed, "--cipher", cipher)
        done = centre.instance.command("gateway-keys", *words)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not sm.available(), reason="gmssl-pyx has no wheel for this machine")
def test_a_day_under_signatures_ends_equal(folder: Path) -> None:
    """Every message signed by SM2, half of them encrypted by SM4, every answer verified; and unsigned ones refused."""
    centre = Centre(folder / "home", persons=1000)
    try:
        keys = hand_keys_over(centre, folder / "handed-over")
        centre.kill()
        centre.instance.environment["TONGCHOU_GATEWAY_SIGNING"] = "sm"
        centre.start()
        assert_equal_to_the_fen(centre, centre.traffic(120, 1, "--keys", str(keys)))
        unsigned = centre.traffic(10, 2)
        report = unsigned.communicate(timeout=600)[0]
        assert unsigned.returncode != 0, report
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


@pytest.mark.slow
@pytest.mark.requirement("R3.06", "R3.08")
def test_a_database_that_was_killed_costs_nothing_but_time(folder: Path) -> None:
    """Only PostgreSQL dies. The gateway says so clearly, goes on when it is back, and the repeated sale exists once."""
    centre = Centre(folder / "home", persons=500)
    try:
        message = sale_of_the_city(centre)
        first = post(centre.url, {**message, "msgid": "before the outage"})
        assert first["infcode"] == 0, first["err_msg"]
        psutil.Process(centre.instance.database_pid()).kill()
        seen = []
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            answer = post(centre.url, {**message, "msgid": "during the outage"})
            if answer["infcode"] == 0:
                break
            seen.append(answer["err_msg"])
            time.sleep(0.2)
        assert answer["infcode"] == 0, seen
        assert all(text.startswith(("【EXCH-090】", "【EXCH-091】")) for text in seen), seen
        assert post(centre.url, {**message, "msgid": "before the outage"}) == first
        assert centre.settlements() == 2
        assert centre.instance.command("doctor", timeout=300).returncode == 0
    finally:
        centre.close()


def sale_of_the_city(centre: Centre) -> dict[str, Any]:
    """A 2102 of some employee at some pharmacy, made of what the database says about the demo city."""
    person = centre.instance.sql(
        "SELECT p.number, p.cert_no_cipher, p.name, e.person_type FROM registry_person p"
        " JOIN registry_enrolment e ON e.person_id = p.id AND e.scheme = '310' AND e.period @> current_date"
        " JOIN contributions_entitlement n ON n.person_id = p.id AND n.scheme = '310' AND n.period @> current_date"
        " WHERE p.death_date IS NULL ORDER BY p.id LIMIT 1"
    ).split("|")
    person[1] = centre.instance.clear("registry.person.cert_no", person[1])
    pharmacy, local_code, item = centre.instance.sql(
        "SELECT m.institution_code, m.local_code, i.code FROM catalogues_mapping m JOIN catalogues_item i ON i.id = m.item_id"
        " WHERE m.institution_code LIKE 'P%' AND m.status = '1' AND i.list_type = '101' ORDER BY m.id LIMIT 1"
    ).split("|")
    today = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    caller = Caller(centre.port, pharmacy)
    nodes = {
        "druginfo": {
            "psn_no": person[0], "mdtrt_cert_type": "02", "mdtrt_cert_no": person[1], "psn_cert_type": "01",
            "certno": person[1], "psn_name": person[2], "psn_type": person[3][:3], "begntime": today,
            "medfee_sumamt": "2.00", "insutype": "310", "acct_used_flag": "1", "med_type": "41",
        },
        "drugdetail": [
            {
                "feedetl_sn": "1", "rx_circ_flag": "0", "fee_ocur_time": today, "med_list_codg": item,
                "medins_list_codg": local_code, "det_item_fee_sumamt": "2.00", "cnt": "2", "pric": "1",
            }
        ],
    }  # fmt: skip
    return caller.message("2102", nodes)


def post(url: str, message: dict[str, Any]) -> dict[str, Any]:
    """Send a message; the answer must come with HTTP 200 whatever happens."""
    answer = Caller(int(url.rpartition(":")[2]), "").post(message)
    assert answer.status == 200
    return dict(answer.envelope)
