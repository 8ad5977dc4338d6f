"""A whole day of the centre under the application's least-right role: the owner of the tables only makes them."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from tests.instance import Instance

pytestmark = pytest.mark.slow

ROLE = "tongchou_service"


@pytest.fixture(scope="module")
def owner() -> Iterator[Instance]:
    """A demo city, made by the owner, and a role with what ``tongchou grants-sql`` prints."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
    folder.chmod(0o755)
    instance = Instance(folder / "home")
    for arguments in (["db", "start"], ["migrate"], ["demo", "--persons", "800"]):
        done = instance.command(*arguments)
        assert done.returncode == 0, done.stderr[-2000:]
    instance.sql(f"CREATE ROLE {ROLE} LOGIN")
    instance.sql(";\n".join(instance.command("grants-sql", ROLE).stdout.replace(";", "").splitlines()))
    yield instance
    instance.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def service(owner: Instance) -> Iterator[Instance]:
    """The same home, served by the role."""
    place = re.search(r"host='([^']+)' port=(\d+)", owner.command("db", "url").stdout)
    assert place is not None
    address = f"postgresql://{ROLE}@/tongchou?host={quote(place[1], safe='')}&port={place[2]}"
    instance = Instance(owner.home, DATABASE_URL=address)
    instance._log = owner.home.with_name("service.log")
    instance.serve("--no-demo")
    yield instance
    instance.interrupt()


class Desk(requests.Session):
    """An operator at a browser."""

    def __init__(self, service: Instance, login: str) -> None:
        super().__init__()
        self.base = service.url
        self.headers["Referer"] = self.base
        password = (service.home / "demo-password").read_text().strip()
        answer = self.send_form("/login/", {"login": login, "password": password})
        assert answer.status_code == 200, answer.text
        assert "退出" in answer.text

    def send_form(self, path: str, data: dict[str, str], *, page: str = "") -> requests.Response:
        """Fill in the form of a page."""
        shown = self.get(self.base + (page or path), timeout=60).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown)
        seal = re.search(r'name="seen" value="([^"]+)"', shown)
        more = {"csrfmiddlewaretoken": token[1] if token else "", "seen": seal[1] if seal else ""}
        return self.post(self.base + path, data=more | data, timeout=60)


def test_a_day_of_business(owner: Instance, service: Instance) -> None:
    """Registered, settled, revoked, reconciled; corrected by two people; granted by three; closed; sealed; checked."""
    played = service.command("traffic", "--visits", "80", "--url", service.url, timeout=400)
    assert played.returncode == 0, played.stdout[-2000:] + played.stderr[-2000:]
    assert int(owner.sql("SELECT count(*) FROM settlement_settlement WHERE direction = -1")) > 0, (
        "something was revoked"
    )

    clerk, reviewer, admin = (Desk(service, login) for login in ("clerk", "reviewer", "admin"))
    number = owner.sql("SELECT number FROM registry_person ORDER BY id LIMIT 1")
    proposed = clerk.send_form(
        f"/control/corrections/{number}/", {"field": "phone", "value": "13900001111", "reason": "本人申报"}
    )
    decide(reviewer, proposed, "已更正")
    asked = admin.send_form(
        "/control/parameters/",
        {"code": "case.days", "area": "", "value": "6", "since": "2099-01-01", "source": "会议纪要"},
    )
    decide(Desk(service, "controller"), asked, "自 2099-01-01 起为 6")
    assert clerk.get(service.url + f"/persons/{number}/", timeout=60).status_code == 200

    closed = service.command("close-day", timeout=300)
    assert closed.returncode == 0, closed.stdout[-2000:] + closed.stderr[-2000:]
    for command in (["trail", "seal"], ["trail", "verify"], ["doctor"], ["retention", "--dry-run"]):
        done = service.command(*command, timeout=300)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    by_role = "SELECT count(*) FROM control_trail WHERE action IN ('settle', 'revoke', 'update', 'read')"
    assert int(owner.sql(by_role)) > 80
    log = (owner.home / "log" / "postgres.log").read_text("utf-8", errors="replace")
    assert "permission denied" not in log, [line for line in log.splitlines() if "permission denied" in line][:5]


def decide(desk: Desk, proposed: requests.Response, says: str) -> None:
    """Approve the case that a hand-in led to."""
    case = re.search(r"/control/cases/(\d+)/", proposed.url)
    assert case is not None, proposed.text
    page = f"/control/cases/{case[1]}/"
    answer = desk.send_form(f"{page}approve/", {}, page=page)
    assert says in answer.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_settlement SET cash_pay = cash_pay",
        "UPDATE ledger_entry SET amount = amount",
        "DELETE FROM control_trail",
        "ALTER TABLE control_trail DISABLE TRIGGER immutable",
        "UPDATE control_case SET state = 'returned'",
        "TRUNCATE control_grant CASCADE",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (id int)",
    ],
)
def test_what_the_role_can_not_do(service: Instance, statement: str) -> None:
    """After the day: the same connection that carried the business changes nothing behind its back."""
    import psycopg

    with psycopg.connect(service.environment["DATABASE_URL"]) as connection, pytest.raises(psycopg.Error):
        connection.execute(statement)
