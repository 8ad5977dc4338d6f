"""A whole instance in a temporary home folder, driven through the command line as an operator does."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

START_SECONDS = 90


class Instance:
    """One home folder and the commands run on it. ``close`` leaves nothing running."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "TONGCHOU", "PG"))}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {"TONGCHOU_HOME": str(home), "PYTHONWARNINGS": "error"} | environment
        self._server: subprocess.Popen[str] | None = None
        self.url = ""

    def command(self, *arguments: str, timeout: int = 120) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "tongchou.project.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def sql(self, statement: str) -> str:
        """Run SQL through ``tongchou db psql`` and return what it prints."""
        done = self.command("db", "psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", statement)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def database_pid(self) -> int:
        """Process id of the instance's PostgreSQL."""
        found = re.search(r"pid (\d+)", self.command("db", "status").stdout)
        assert found, "the database does not run"
        return int(found[1])

    def serve(self, *arguments: str) -> str:
        """Start ``tongchou run`` and wait until the site answers; returns its address."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tongchou.project.cli", "run", "--no-demo", "--port", str(port), *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                if fetch(f"{self.url}/healthz") == "ok\n":
                    return self.url
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the site did not start:\n{self.interrupt()}")

    def interrupt(self) -> str:
        """Ctrl-C on ``tongchou run``; returns all it printed."""
        assert self._server is not None
        server, self._server = self._server, None
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
        output, _ = server.communicate(timeout=60)
        self.exit_code = server.returncode
        return output

    def close(self) -> None:
        """Stop everything."""
        if self._server is not None:
            self.interrupt()
        self.command("db", "stop")


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def fetch(url: str) -> str:
    """GET an address of the instance."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (our own address)
        return str(answer.read().decode())
