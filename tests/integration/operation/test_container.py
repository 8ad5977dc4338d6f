"""The container file and compose file, played: built step by step, run read-only without rights, behind the real proxy."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.integration.operation import image as images
from tests.integration.operation.image import Image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(images.can_play()), reason=images.can_play() or "-"),
]

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))["services"]
HOST = "yibao.example.gov.cn"


@pytest.fixture(scope="module")
def built() -> Iterator[Image]:
    """The image, from nothing."""
    folder = Path(tempfile.mkdtemp(prefix="tongchou-image-"))
    with images.built(DEPLOY / "container" / "Containerfile", ROOT, folder) as image:
        yield image
    shutil.rmtree(folder, ignore_errors=True)


class Running:
    """The container of the compose file, in a network of its own."""

    def __init__(self, image: Image, stack: ExitStack) -> None:
        self.image = image
        self._mount(stack)
        self._environment = image.variables(
            {name: str(value) for name, value in COMPOSE["tongchou"]["environment"].items()}
        )
        self._environment["TONGCHOU_BACKUP_KEY"] = ""
        network = 'ip link set lo up && exec "$@"'
        self.process = subprocess.Popen(
            ["unshare", "--net", "--", "sh", "-c", network, "sh", *image.confined(image.command)],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        stack.callback(self._end)

    def inside(self, *command: str, confined: bool = True) -> subprocess.CompletedProcess[str]:
        """What ``podman exec`` does."""
        wrapped = self.image.confined(list(command)) if confined else list(command)
        return subprocess.run(
            ["nsenter", "--net", "-t", str(self.process.pid), "--", *wrapped],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def wait_healthy(self, seconds: int = 240) -> None:
        """Until the image's own health check is content."""
        deadline = time.monotonic() + seconds
        while (done := self.inside(*self.image.health)).returncode != 0:
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.5)

    def _mount(self, stack: ExitStack) -> None:
        user, group = self.image.ids()
        assert COMPOSE["tongchou"]["read_only"] is True
        subprocess.run(["mount", "-o", "remount,ro", str(self.image.root)], check=True)
        for volume in self.image.volumes:
            place = self.image.root / volume.lstrip("/")
            before = place.stat()
            images.mount(stack, "tmpfs", place, "-t", "tmpfs", "-o", f"mode={before.st_mode & 0o777:o}")
            os.chown(place, before.st_uid, before.st_gid)
            assert (before.st_uid, before.st_gid) == (user, group)

    def _end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def running(built: Image) -> Iterator[Running]:
    """Started as the compose file says."""
    with ExitStack() as stack:
        container = Running(built, stack)
        container.wait_healthy()
        yield container


def test_the_image_runs_read_only_and_without_rights(running: Running) -> None:
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert running.inside("touch", "/opt/tongchou/x").returncode != 0
    assert running.inside("tongchou", "doctor").returncode == 0


def test_backup_and_drill_work_inside(running: Running) -> None:
    done = running.inside("tongchou", "backup")
    assert done.returncode == 0, done.stdout + done.stderr
    done = running.inside("tongchou", "drill")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "恢复演练：通过" in done.stdout


@pytest.mark.skipif(shutil.which("nginx") is None or shutil.which("openssl") is None, reason="nginx is not installed")
def test_the_proxy_of_the_compose_file_serves_the_site_over_tls(running: Running, tmp_path: Path) -> None:
    site = tmp_path / "tongchou.conf"
    text = (DEPLOY / "nginx" / "tongchou.conf").read_text("utf-8")
    site.write_text(text.replace("/etc/ssl/tongchou", str(tmp_path)))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={HOST}",
         "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "fullchain.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    main = tmp_path / "nginx.conf"
    main.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; include {site}; }}")
    checked = running.inside("nginx", "-t", "-c", str(main), confined=False)
    assert checked.returncode == 0, checked.stderr
    proxy = subprocess.Popen(
        ["nsenter", "--net", "-t", str(running.process.pid), "--", "nginx", "-c", str(main), "-g", "daemon off;"]
    )
    try:
        time.sleep(1)
        assert "301" in answer(running, "http", "/login/")
        assert "HTTP/2 200" in answer(running, "https", "/login/")
        assert "strict-transport-security" in answer(running, "https", "/login/").lower()
        assert "HTTP/2 404" in answer(running, "https", "/metrics")
        assert "HTTP/2 404" in answer(running, "https", "/readyz")
        assert "EXCH-0" in answer(running, "https", "/fsi/api/rsfComIfsService/callService", "-d", "{}")
        assert "HTTP/2 400" in answer(running, "https", "/login/", host="other.example")
    finally:
        proxy.terminate()
        proxy.wait()


def answer(running: Running, scheme: str, path: str, *more: str, host: str = HOST) -> str:
    """Head and body, as curl prints them."""
    port = {"http": 80, "https": 443}[scheme]
    done = running.inside(
        "curl", "-ksS", "-i", "--resolve", f"{host}:{port}:127.0.0.1", *more, f"{scheme}://{host}{path}", confined=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_stop_signal_ends_it_in_order_within_the_grace_period(running: Running) -> None:
    grace = int(str(COMPOSE["tongchou"]["stop_grace_period"]).removesuffix("s"))
    running.process.send_signal(getattr(signal, running.image.stop_signal))
    printed, _ = running.process.communicate(timeout=grace)
    assert running.process.returncode == 0, printed
    assert not list((running.image.root / "srv/tongchou/postgres").glob("postmaster.pid")), (
        "the database was stopped too"
    )
