"""A gateway for tests: granian in a process of its own over the test database, and a client that speaks HTTP to it."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tongchou.project.limits import SERVER_OPTIONS
from tongchou.project.settings_test import HOME

CALL = "/fsi/api/rsfComIfsService/callService"
STARTUP_SECONDS = 180


@dataclass
class Answer:
    """An HTTP answer: status, headers, bytes, and (amounts as Decimals) the envelope inside."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def envelope(self) -> Any:
        return json.loads(self.content, parse_float=Decimal)

    @property
    def output(self) -> Any:
        """The output; the test fails if the transaction was refused."""
        assert self.envelope["infcode"] == 0, self.envelope["err_msg"]
        return self.envelope["output"]

    @property
    def code(self) -> str:
        """The code of the refusal; the test fails if there was none."""
        assert self.envelope["infcode"] == -1, self.content[:300]
        assert self.envelope["output"] == {}
        return str(self.envelope["err_msg"][1:].partition("】")[0])


@dataclass
class Caller:
    """An institution that calls."""

    port: int
    institution: str
    area: str = "629900"
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(int(time.time() * 1000)))

    def message(self, infno: str, nodes: Any, **changes: Any) -> dict[str, Any]:
        """A complete message with a fresh id."""
        message = {
            "infno": infno,
            "msgid": f"{self.institution}{next(self.numbers):018d}",
            "mdtrtarea_admvs": self.area,
            "insuplc_admdvs": self.area,
            "recer_sys_code": "01",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "001",
            "opter_name": "王五",
            "inf_time": "2026-11-20 10:30:00",
            "fixmedins_code": self.institution,
            "fixmedins_name": "测试机构",
            "input": nodes,
            **changes,
        }
        return {name: value for name, value in message.items() if value is not None}

    def call(self, infno: str, nodes: Any, **changes: Any) -> Answer:
        """Send a transaction."""
        return self.post(self.message(infno, nodes, **changes))

    def post(
        self,
        message: dict[str, Any] | bytes,
        *,
        path: str = CALL,
        content_type: str = "application/json",
        method: str = "POST",
    ) -> Answer:
        """Send a message as it is."""
        body = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False, default=str).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        connection.request(method, path, body=body, headers={"Content-Type": content_type})
        response = connection.getresponse()
        answer = Answer(response.status, {key.lower(): value for key, value in response.getheaders()}, response.read())
        connection.close()
        return answer


class Gateway:
    """A server process on a free port. ``kill`` and ``start`` again keep the port."""

    def __init__(self, *, database_url: str, policies: Path | None, log: Path, **environment: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._log = log
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tongchou.project.settings",
            "DATABASE_URL": database_url,
            "TONGCHOU_SECRET_KEY": "for tests only",
            "TONGCHOU_HOME": str(HOME.root),  # both open what the other has encrypted
            **environment,
        }
        if policies is not None:
            self._environment["TONGCHOU_POLICIES"] = str(policies)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def collect_static(self) -> None:
        """What the site's pages need beside themselves; the gateway needs none of it."""
        code = "from tongchou.project import cli, server; cli.set_django_up(); server.collect_static()"
        subprocess.run([sys.executable, "-c", code], env=self._environment, check=True, timeout=180)

    def start(self) -> None:
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(self.port)]
        command += ["--no-ws", "--log-level", "warning", *SERVER_OPTIONS, "tongchou.project.asgi:application"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._wait_ready()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, self.log
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=10):  # noqa: S310 (our own address)
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        """SIGKILL to the server and its workers, in the middle of whatever they do."""
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait(30)
            self._process = None
