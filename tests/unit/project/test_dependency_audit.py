"""The audit of the dependencies: what is found fails, what could not be asked is said and never called clean."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.house.source import ROOT
from tests.instance import free_port
from tongchou.project import cli, dependencies

HASH = "--hash=sha256:" + "0" * 64
LOCK = f"alpha==1.0.0 \\\n    {HASH}\nbeta==2.0.0 ; sys_platform != 'plan9' \\\n    {HASH}\n"
VULNERABLE = {
    "id": "PYSEC-2099-1", "modified": "2099-01-01T00:00:00Z", "published": "2099-01-01T00:00:00Z", "summary": "planted",
    "affected": [{
        "package": {"name": "alpha", "ecosystem": "PyPI"}, "versions": ["1.0.0"],
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}],
    }],
}  # fmt: skip


class Service(BaseHTTPRequestHandler):
    """A vulnerability service that speaks OSV and knows one thing."""

    known: dict[str, Any] = {}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(self.known.get(asked["package"]["name"], {})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(LOCK)
    return path


def test_a_vulnerability_that_is_known_fails_the_check_and_is_named(
    service: str, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Service, "known", {"alpha": {"vulns": [VULNERABLE]}})
    verdict = dependencies.audit(lock, ["-s", "osv", "--osv-url", service])
    assert verdict.exit_code == 1
    assert "alpha 1.0.0: PYSEC-2099-1 → 1.0.1" in verdict.lines()


def test_nothing_known_passes_and_counts(service: str, lock: Path) -> None:
    verdict = dependencies.audit(lock, ["-s", "osv", "--osv-url", service])
    assert (verdict.exit_code, verdict.audited, verdict.not_audited) == (0, 2, ())


def test_nobody_to_ask_is_said_and_does_not_fail(lock: Path) -> None:
    verdict = dependencies.audit(lock, ["-s", "osv", "--osv-url", f"http://127.0.0.1:{free_port()}/"])
    assert verdict.exit_code == 0
    assert verdict.lines()[0].startswith("未核查 / not audited: 2 packages: ")
    assert "已核查" not in "".join(verdict.lines())


def test_a_service_that_knows_none_of_the_packages_is_no_clean_bill() -> None:
    """What pip-audit calls "no known vulnerabilities found" when a mirror has no such data."""
    skipped = [{"name": name, "skip_reason": "Dependency not found"} for name in ("alpha", "beta")]
    verdict = dependencies.read_report({"dependencies": skipped})
    assert verdict.lines() == ["未核查 / not audited: 2 packages: Dependency not found"]
    half = dependencies.read_report({"dependencies": [skipped[0], {"name": "beta", "version": "2", "vulns": []}]})
    assert half.lines()[-1] == "未核查 / not audited: alpha: Dependency not found"
    assert half.audited == 1


def test_the_command_is_part_of_the_check() -> None:
    make = (ROOT / "Makefile").read_text("utf-8")
    assert " audit " in next(line for line in make.splitlines() if line.startswith("check:"))
    assert "tongchou dependencies" in make
    assert cli.build_parser().parse_args(["dependencies"]).command == "dependencies"
