"""One instance with the demo city: traffic, figures, logs, the end of the day, backup, drill, fail of a step."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.at_rest import id_numbers, layers
from tests.instance import Instance, fetch
from tongchou.project.postgres import packaged_binaries

pytestmark = pytest.mark.slow

AREA = "629900"


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """A small demo city after a day's traffic, serving, at the most talkative log level."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    instance = Instance(folder / "home", TONGCHOU_LOG_LEVEL="DEBUG", TONGCHOU_LOG_FORMAT="json")
    for arguments in (["db", "start"], ["migrate"], ["demo", "--persons", "1500"]):
        done = instance.command(*arguments)
        assert done.returncode == 0, done.stderr[-2000:]
    url = instance.serve("--no-demo")
    done = instance.command("traffic", "--visits", "300", "--url", url, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]
    yield instance
    instance.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_the_logs_of_a_day_name_nobody(instance: Instance) -> None:
    for number, name in persons_of(instance, "length(name) >= 3 ORDER BY id LIMIT 20"):
        provoke(instance.url, number, name)
    printed = instance._log.read_text("utf-8", errors="replace").splitlines()
    lines = [line for line in printed if line.startswith("{")]  # the rest greets the demo's operators by name
    assert all(json.loads(line)["logger"] for line in lines)
    log = "\n".join(lines)
    assert len(lines) > 500, "at DEBUG there must be something to look through"
    persons = persons_of(instance, "true")
    assert len(persons) > 1000
    names = {name for _, name in persons if len(name) >= 3}
    numbers = {number for number, _ in persons if len(number) >= 15}
    assert len(numbers) > 1000
    assert not [number for number in numbers if number in log]
    assert not [name for name in names if name in log]


def provoke(url: str, number: str, name: str) -> None:
    """Requests that fail in different ways and carry a person's data."""
    identity = f'{{"psn_name": "{name}", "certno": "{number}", "tel": "13800138000"}}'
    for path, body in [
        ("/api/1101", f'{{"infno": "1101", "input": {{"data": {identity}}}}}'),
        ("/api/1101", identity[:-3]),
        ("/api/9999", identity),
        ("/login/", f"login={name}&password={number}"),
        (f"/persons/{number}/", ""),
    ]:
        request = urllib.request.Request(url + urllib.parse.quote(path), data=body.encode(), method="POST")  # noqa: S310
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 (our own address)


@pytest.mark.requirement("R1.9.07")
def test_a_dump_of_the_day_names_no_number(instance: Instance) -> None:
    """ID numbers by their shape, wherever they are; of telephones, addresses and cards those that the city has."""
    url = instance.command("db", "url").stdout.strip()
    dump = subprocess.run([packaged_binaries() / "pg_dump", url], capture_output=True, check=True).stdout
    lines = dump.splitlines()
    assert len(lines) > 20_000
    unpacked = b"\n".join(layer for line in lines for layer in layers(line))
    assert len(unpacked) > len(dump) * 11 // 10, "files and answers were unpacked"
    assert id_numbers(unpacked) == set()
    clear = {
        instance.clear(f"registry.{table}.{column}", cipher)
        for table, column in (("person", "phone"), ("person", "address"), ("card", "number"))
        for cipher in instance.sql(
            f"SELECT {column}_cipher FROM registry_{table} WHERE {column}_cipher IS NOT NULL ORDER BY id LIMIT 200"
        ).splitlines()
    }
    assert len(clear) > 300
    assert {text for text in clear if text.encode() in unpacked} == set()
    known = {number for number, _ in persons_of(instance, "true")}
    assert len(known) > 1000
    assert id_numbers("\n".join(known).encode()) == known


def persons_of(instance: Instance, condition: str) -> list[tuple[str, str]]:
    """ID number and name of persons."""
    lines = instance.sql(f"SELECT cert_no_cipher, name FROM registry_person WHERE {condition}").splitlines()
    rows = (line.split("|") for line in lines)
    return [(instance.clear("registry.person.cert_no", cipher), name) for cipher, name in rows]


def test_the_figures_tell_the_day(instance: Instance) -> None:
    text = fetch(f"{instance.url}/metrics")
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}
    answered = sum(value for name, value in values.items() if name.startswith("tongchou_gateway_requests_total"))
    settled = int(instance.sql("SELECT count(*) FROM settlement_settlement WHERE direction = 1"))
    assert answered > settled > 100
    assert values['tongchou_settlements_today{direction="settled"}'] == settled
    assert values["tongchou_gateway_batch_size_sum"] >= settled
    assert json.loads(fetch(f"{instance.url}/readyz"))["ready"] is True


@pytest.mark.requirement("R1.9.03")
def test_the_day_ends_with_a_backup_that_restores_and_ties_to_the_books(instance: Instance) -> None:
    today = instance.sql("SELECT max(business_date) FROM ledger_journal")
    assert instance.command("plan", "daily", "--area", AREA, "--day", today).returncode == 0
    wait_for_plan(instance, "daily", "done")
    closed = instance.sql(f"SELECT ledger_closed_through('{AREA}')")
    assert closed == today
    assert (
        instance.sql("SELECT count(*) FROM operation_jobrun WHERE kind = 'operation.backup' AND status = 'done'") == "1"
    )

    assert instance.command("plan", "monthly", "--area", AREA, "--day", today).returncode == 0
    wait_for_plan(instance, "monthly", "done")
    report = instance.sql("SELECT string_agg(text, E'\\n' ORDER BY id) FROM operation_joblogline")
    assert "恢复演练：通过" in report
    assert "与备份点账簿合计：一致" in report


def test_an_altered_settlement_stops_the_day_before_the_backup(instance: Instance) -> None:
    """The doctor finds what a fraud with database rights changed; no backup is made of such books."""
    instance.sql(
        "BEGIN; SET session_replication_role = replica; UPDATE ledger_entry SET amount = amount + 1 "
        "WHERE (journal_id, line) IN (SELECT journal_id, line FROM ledger_entry LIMIT 1); COMMIT"
    )
    try:
        assert instance.command("plan", "daily", "--area", AREA, "--day", "2026-01-15").returncode == 0
        wait_for_plan(instance, "daily", "stopped", day="2026-01-15")
        query = "SELECT j.step, j.status, j.error FROM operation_jobrun j JOIN operation_planrun p ON p.id = j.plan_id "
        steps = instance.sql(query + "WHERE p.day = '2026-01-15' ORDER BY j.id").splitlines()
        failed = next(line for line in steps if "|failed|" in line)
        assert failed.split("|")[0] in ("close", "doctor")
        assert "backup|waiting|" in steps
    finally:
        instance.sql(
            "BEGIN; SET session_replication_role = replica; UPDATE ledger_entry e SET amount = amount - 1 "
            "FROM (SELECT journal_id FROM ledger_entry GROUP BY 1 HAVING sum(amount) <> 0) AS b "
            "WHERE e.journal_id = b.journal_id AND e.line = 1; COMMIT"
        )


def wait_for_plan(instance: Instance, plan: str, status: str, *, day: str | None = None, seconds: float = 300) -> None:
    """Wait until a plan has come to this state."""
    where = f"plan = '{plan}'" + (f" AND day = '{day}'" if day else "")
    deadline = time.monotonic() + seconds
    found = ""
    while time.monotonic() < deadline:
        found = instance.sql(f"SELECT status FROM operation_planrun WHERE {where}")
        if found != "running":
            break
        time.sleep(0.3)
    errors = instance.sql("SELECT step, error FROM operation_jobrun WHERE status = 'failed'")
    assert found == status, f"{plan}: {found}\n{errors}"
