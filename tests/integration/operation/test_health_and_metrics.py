"""Health, readiness and figures: what the load balancer and the monitoring get, and who gets it."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tongchou.ledger import api as ledger
from tongchou.operation import asgi, collector, health, metrics

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]


def get(path: str, client: str = "127.0.0.1", headers: dict[str, str] | None = None) -> tuple[int, str]:
    """GET a path of the operation's ASGI application."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "path": path, "client": (client, 1), "headers": raw}
    asyncio.run(asgi.app(scope, None, send))
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "_facts", None)
    ledger.ensure_chart(area="620900")


def test_the_process_says_that_it_lives() -> None:
    assert get("/healthz", client="203.0.113.9") == (200, "ok\n")


def test_readiness_names_each_condition_with_its_remedy() -> None:
    status, body = get("/readyz")
    answer = json.loads(body)
    assert (status, answer["ready"]) == (200, True)
    names = {check["name"] for check in answer["checks"]}
    assert {"数据库", "数据库结构", "后台进程", "业务日 620900", "数据盘", "备份盘"} <= names
    worker = next(check for check in answer["checks"] if check["name"] == "后台进程")
    assert not worker["ok"], "no worker runs in this test"
    assert not worker["vital"], "without a worker settlements still go on"
    assert worker["remedy"]


def test_a_full_disk_and_an_old_schema_make_it_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    full = health.shutil._ntuple_diskusage(100 * health.GIGABYTE, 100 * health.GIGABYTE, 1000)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda place: full)
    assert get("/readyz")[0] == 503
    monkeypatch.undo()
    state = health.upgrade.State(expand=(), contract=(), unknown=("ledger.9999_future",), stamp="9.0")
    monkeypatch.setattr(health.upgrade, "state", lambda: state)
    found = health.checks(timezone.now())
    assert not health.ready(found)
    assert "ledger.9999_future" in next(check.detail for check in found if check.name == "数据库结构")


def test_details_and_figures_are_for_the_machine_itself_and_the_allowed_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "checks" not in json.loads(get("/readyz", client="203.0.113.9")[1])
    assert get("/metrics", client="203.0.113.9")[0] == 404
    assert get("/metrics", headers={"x-forwarded-for": "127.0.0.1"})[0] == 404, "through a proxy is not from here"
    assert get("/metrics", client="nonsense")[0] == 404
    assert get("/metrics", client="::1")[0] == 200
    monkeypatch.setenv("TONGCHOU_METRICS_ALLOW", "203.0.113.0/24, 198.51.100.7")
    asgi._networks.cache_clear()
    try:
        assert get("/metrics", client="203.0.113.9")[0] == 200
        assert get("/metrics", client="198.51.100.8")[0] == 404
    finally:
        asgi._networks.cache_clear()


def test_figures_of_gateway_queue_day_and_database() -> None:
    metrics.answered(transaction="2102", outcome="ok", seconds=0.003)
    metrics.answered(transaction="2102", outcome="SETL-001", seconds=0.001)
    metrics.batched(7)
    text = get("/metrics")[1]
    assert re.search(r'tongchou_gateway_requests_total\{outcome="ok",transaction="2102"\} [1-9]', text)
    assert re.search(r'tongchou_gateway_requests_total\{outcome="SETL-001",transaction="2102"\} [1-9]', text)
    assert re.search(r'tongchou_gateway_seconds_bucket\{le="0.005",transaction="2102"\} [2-9]', text)
    assert re.search(r'tongchou_gateway_batch_size_bucket\{le="8.0"\} [1-9]', text)
    assert "tongchou_database_up 1.0" in text
    assert 'tongchou_day_open{area="620900"} 1.0' in text
    assert "tongchou_workers 0.0" in text


def test_figures_survive_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import DatabaseError

    class Away:
        def cursor(self) -> None:
            raise DatabaseError

    monkeypatch.setattr(collector, "connection", Away())
    text = get("/metrics")[1]
    assert "tongchou_database_up 0.0" in text
    assert "tongchou_disk_free_bytes" in text


def test_nonsense_from_outside_does_not_fill_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_KNOWN_LIMIT", 0)
    metrics.answered(transaction="no-such-transaction", outcome="x", seconds=0)
    text = get("/metrics")[1]
    assert "no-such-transaction" not in text
    assert 'outcome="other"' in text


def test_every_figure_of_the_dashboard_and_of_the_alerts_exists() -> None:
    metrics.answered(transaction="2102", outcome="ok", seconds=0.003)
    given = set(re.findall(r"^# TYPE (\w+)", get("/metrics")[1], re.MULTILINE))
    given |= {f"{name}_{part}" for name in given for part in ("bucket", "sum", "count")}
    optional = {"tongchou_backup_age_seconds"}  # there is none before the first backup
    for path in ("deploy/grafana/tongchou.json", "deploy/prometheus/alerts.yml"):
        asked = set(re.findall(r"\btongchou_\w+", (ROOT / path).read_text("utf-8"))) - {"tongchou_alerts"}
        assert len(asked) > 5
        assert asked - given <= optional, path
