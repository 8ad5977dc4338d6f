"""The embedded PostgreSQL as this room sees it.

The room ``project`` owns starting and stopping; it hands its server over through the setting ``EMBEDDED_CLUSTER``, so
that nothing here imports it. With ``DATABASE_URL`` set there is no embedded server.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import psycopg

from tongchou.operation.rejections import NO_SPACE, NOT_EMBEDDED, PROGRAM_FAILED

DATABASE = "tongchou"
"""Name of the site's database in an embedded server."""


class Owner(Protocol):
    """The operating system user that the server runs as."""

    @property
    def uid(self) -> int:
        """User id."""

    @property
    def gid(self) -> int:
        """Group id."""

    @property
    def switched(self) -> bool:
        """True when we are root and the server runs as another user."""

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, output captured."""

    def make_dir(self, path: Path) -> None:
        """Create a folder that only this user enters."""


class EmbeddedServer(Protocol):
    """One PostgreSQL cluster on this machine; ``project.postgres.Cluster`` is it."""

    @property
    def data(self) -> Path:
        """Data folder."""

    @property
    def socket(self) -> Path:
        """Folder of the Unix socket."""

    @property
    def log(self) -> Path:
        """Log file."""

    @property
    def bin(self) -> Path:
        """Folder of the programs."""

    @property
    def owner(self) -> Owner:
        """Who it runs as."""

    @property
    def exists(self) -> bool:
        """Whether the data folder holds a cluster."""

    def start(self) -> None:
        """Start and wait until it answers."""

    def stop(self, *, mode: str = "fast") -> None:
        """Stop and wait."""

    def is_running(self) -> bool:
        """Whether a server runs on the data folder."""

    def conninfo(self, dbname: str) -> str:
        """libpq connection string."""


def embedded() -> EmbeddedServer:
    """The instance's own server.

    Raises:
        Rejection: OPER-001 the instance uses a foreign server (DATABASE_URL).
    """
    from django.conf import settings

    if os.environ.get("DATABASE_URL"):
        raise NOT_EMBEDDED()
    return cast(EmbeddedServer, settings.EMBEDDED_CLUSTER())


def elsewhere(
    server: EmbeddedServer, *, data: Path, socket: Path, log: Path, overrides: Mapping[str, str] | None = None
) -> EmbeddedServer:
    """A server of the same programs and owner on another data folder; nothing is created or started."""
    changed = dataclasses.replace(cast(Any, server), data=data, socket=socket, log=log, overrides=dict(overrides or {}))
    return cast(EmbeddedServer, changed)


@contextmanager
def running(server: EmbeddedServer) -> Iterator[EmbeddedServer]:
    """The server runs inside the block; it is stopped at the end only if this block started it."""
    was_running = server.is_running()
    server.start()
    try:
        yield server
    finally:
        if not was_running:
            server.stop()


@contextmanager
def workshop(server: EmbeddedServer, *, beside: Path) -> Iterator[Path]:
    """An empty folder of the server's owner next to ``beside``, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=".workshop-", dir=beside))
    try:
        give_to(server.owner, folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def short_socket(path: Path) -> Path:
    """A socket folder whose path is short enough (a socket's path has 107 bytes with its file name)."""
    if len(os.fsencode(path)) <= 88:
        return path
    return Path(tempfile.gettempdir()) / f"tongchou-{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}"


def give_to(owner: Owner, path: Path) -> None:
    """Make the server's user the owner of a file or folder (only root can and must)."""
    if owner.switched:
        os.chown(path, owner.uid, owner.gid)


def run_program(server: EmbeddedServer, *command: str) -> str:
    """Run one of PostgreSQL's programs as the server's owner and return what it printed.

    Raises:
        Rejection: OPER-004 the disk is full, OPER-005 the program failed, with its own last line.
    """
    done = server.owner.run([str(server.bin / command[0]), *command[1:]])
    if done.returncode != 0:
        raise program_failure(command[0], done.stderr + done.stdout)
    return done.stdout


def program_failure(program: str, output: str) -> Exception:
    """The refusal behind what a program printed before it gave up."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return NO_SPACE(place=program, needed="更多", free=0)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return PROGRAM_FAILED(program=program, reason=lines[-1] if lines else "?")


def connect(conninfo: str, **options: Any) -> psycopg.Connection[Any]:
    """A connection outside Django's pool, for work on a server that is not the site's, or on its settings."""
    return psycopg.connect(conninfo, connect_timeout=10, autocommit=True, **options)
