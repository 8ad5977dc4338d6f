"""The server process: granian with the site and the gateway, started, waited for and stopped by the command line."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from tongchou.project.home import Home, home_not_writable
from tongchou.project.limits import SERVER_OPTIONS
from tongchou.project.problems import OperationProblem

STOP_SECONDS = 20
PORT_WAIT_SECONDS = 2
PORTS = range(65_536)
PR_SET_PDEATHSIG = 1
WORKER_RESTART_SECONDS = 5
STATIC_SECONDS = 365 * 24 * 3600


def check_port_free(host: str, port: int) -> None:
    """Raise an OperationProblem when the address is taken or is not ours to take.

    A server whose command line was killed ends by itself within a moment; that moment is waited for.
    """
    if port not in PORTS:
        raise OperationProblem(
            f"端口 {port} 超出范围：请用 --port 指定 1 至 65535 之间的端口",
            f"port {port} is out of range: choose one from 1 to 65535 with --port",
        )
    deadline = time.monotonic() + PORT_WAIT_SECONDS
    while True:
        try:
            socket.create_server((host, port)).close()
            return
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            if error.errno is not None and error.errno < 0:  # of the name service, not of the system
                raise OperationProblem(
                    f"地址 {host} 无法识别：请用 --host 指定本机的地址，如 127.0.0.1 或 0.0.0.0",
                    f"the address {host} is unknown: give one of this machine with --host, such as 127.0.0.1 or 0.0.0.0",
                ) from error
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise OperationProblem(
                f"地址 {host}:{port} 无法使用（{reason}）：请停止占用该端口的程序，或用 --port 指定其他端口",
                f"cannot listen on {host}:{port} ({reason}): stop what uses it, or choose another with --port",
            ) from error


def collect_static() -> None:
    """Put all static files, with a hash of their content in the name, where granian serves them. Needs Django set up.

    Raises:
        OperationProblem: the home folder can't be written, or its disk is full.
    """
    from django.core.management import call_command

    try:
        call_command("collectstatic", interactive=False, verbosity=0)
    except OSError as error:
        raise home_not_writable(Home.current().static_dir, error) from error


class Server:
    """One running granian. It is a child process, so that the command line can stop it before the database."""

    def __init__(self, *, host: str, port: int, workers: int) -> None:
        self.host = host
        self.port = port
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", host, "--port", str(port)]
        command += ["--workers", str(workers), "--no-ws", "--log-level", "warning"]
        command += ["--workers-kill-timeout", "10", "--respawn-failed-workers"]
        command += ["--static-path-route", "/static", "--static-path-mount", str(Home.current().static_dir)]
        command += SERVER_OPTIONS
        command += ["--static-path-expires", str(STATIC_SECONDS), "tongchou.project.asgi:application"]
        # A session of its own: Ctrl-C reaches only the command line, which then stops things in order.
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tongchou.project.settings"} | _metrics_environment()
        self._process = subprocess.Popen(
            command,
            env=environment,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 (no thread of ours runs yet)
        )

    @property
    def url(self) -> str:
        """Address of the site."""
        return f"http://{self.host}:{self.port}"

    def wait_ready(self, seconds: int = 60) -> None:
        """Wait until the server answers.

        Raises:
            OperationProblem: it ended, or did not answer in time.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:  # noqa: S310 (our own address)
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.1)
        self.stop()
        raise OperationProblem(
            "网站服务未能启动：原因见上方日志", "the server did not start: the reason is in the log above"
        )

    def poll(self, seconds: int) -> int | None:
        """Wait for at most ``seconds``; returns the exit code if the server has ended by itself."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Let running requests finish, then end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # workers, should their parent have been killed


class Worker:
    """The background worker (``tongchou worker``) beside the server; started again when it ends by itself."""

    def __init__(self) -> None:
        self._started = 0.0
        self._process = self._start()

    def keep_alive(self) -> None:
        """Start it again if it has ended; not more often than every few seconds."""
        if self._process.poll() is not None and time.monotonic() - self._started > WORKER_RESTART_SECONDS:
            self._process = self._start()

    def stop(self) -> None:
        """Let it finish the step it is in, then end it. What it leaves unfinished goes on at the next start."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS + 5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        return subprocess.Popen(
            [sys.executable, "-m", "tongchou.project.cli", "worker"],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tongchou.project.settings"},
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 (no thread of ours runs yet)
        )


def _metrics_environment() -> dict[str, str]:
    """Where the server's processes count (Prometheus); emptied at each start."""
    from tongchou.operation.metrics import prepare_folder

    try:
        return prepare_folder(Home.current().root / "metrics")
    except OSError as error:
        raise home_not_writable(Home.current().root, error) from error


def end_with_parent() -> None:
    """Ask Linux to end this process (SIGTERM) when its parent dies, however that happens; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
