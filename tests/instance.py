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
from unittest.mock import patch

START_SECONDS = 240


class Instance:
    """One home folder and the commands run on it. ``close`` leaves nothing running."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "TONGCHOU", "PG"))}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {"TONGCHOU_HOME": str(home), "PYTHONWARNINGS": "error"} | environment
        self._server: subprocess.Popen[bytes] | None = None
        self._log = home.with_name(f"{home.name}.log")
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

    def clear(self, column: str, cipher: str) -> str:
        """The text of a ciphertext (``\\x…`` as psql prints it) under this instance's keys."""
        from tongchou.control import vault

        keys = (self.home / "keys" / "data-keys.json").read_text("utf-8")
        with patch.dict(os.environ, {"TONGCHOU_DATA_KEYS": keys}):
            return vault.decrypt(column=column, data=bytes.fromhex(cipher.removeprefix("\\x")))

    def database_pid(self) -> int:
        """Process id of the instance's PostgreSQL."""
        found = re.search(r"pid (\d+)", self.command("db", "status").stdout)
        assert found, "the database does not run"
        return int(found[1])

    def serve(self, *arguments: str, seconds: int = START_SECONDS) -> str:
        """Start ``tongchou run --no-demo`` (or with the given arguments) and wait until it says its address."""
        arguments = arguments or ("--no-demo",)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("w") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tongchou.project.cli", "run", "--port", str(port), *arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._server.poll() is None:
            if self.url in self._log.read_text():
                return self.url
            time.sleep(0.05)
        raise AssertionError(f"the site did not start:\n{self.interrupt()}")

    def interrupt(self, signum: int = signal.SIGINT) -> str:
        """Ctrl-C on ``tongchou run``; returns all it printed."""
        assert self._server is not None
        server, self._server = self._server, None
        if server.poll() is None:
            server.send_signal(signum)
        self.exit_code = server.wait(timeout=180)
        return self._log.read_text()

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
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 (our own address)
        return str(answer.read().decode())
