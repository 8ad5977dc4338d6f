"""The home folder of one instance: everything that is not code and not a foreign database lies in it.

``TONGCHOU_HOME`` names it (default: ``var`` in the current folder). Layout::

    postgres/        data folder of the embedded PostgreSQL (or the file postgres.path that says where it is)
    socket/          its Unix socket, entered by its own user only
    log/             postgres.log
    static/          collected static files
    secret           Django's SECRET_KEY, made once, readable by the owner only
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tongchou.project.problems import OperationProblem


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one instance. Nothing is created by looking at it."""

    root: Path

    @classmethod
    def current(cls) -> Home:
        """The home that ``TONGCHOU_HOME`` names, or ``./var``."""
        return cls(Path(os.environ.get("TONGCHOU_HOME") or "var").absolute())

    @property
    def log_dir(self) -> Path:
        """Where the logs of this instance are written."""
        return self.root / "log"

    @property
    def static_dir(self) -> Path:
        """Where static files are collected for serving."""
        return self.root / "static"

    def create(self) -> None:
        """Create the home folder if it is missing.

        Raises:
            OperationProblem: the folder can't be created or written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.log_dir.mkdir(exist_ok=True)
            probe = self.root / f".write-test-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise home_not_writable(self.root, error) from error

    @contextmanager
    def sole_run(self) -> Iterator[None]:
        """Only one ``tongchou run`` per home: it is responsible for the database. The lock ends with the process.

        Raises:
            OperationProblem: another run has this home, or the folder can't be written.
        """
        self.create()
        with (self.root / "run.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OperationProblem(
                    f"数据目录 {self.root} 的实例已在运行：请使用已启动的网站，或用 TONGCHOU_HOME 指定另一个目录",
                    f"the instance in {self.root} already runs: use it, or set TONGCHOU_HOME to another folder",
                ) from error
            yield

    def secret_key(self) -> str:
        """Django's SECRET_KEY of this instance, generated at the first call and kept in ``secret`` (mode 0600).

        Raises:
            OperationProblem: the file can't be read, or can't be created.
        """
        path = self.root / "secret"
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError) as error:
            raise home_not_writable(path, error) from error
        self.create()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text("ascii").strip()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        return path.read_text("ascii").strip()


def home_not_writable(path: Path, error: OSError | UnicodeDecodeError) -> OperationProblem:
    """The problem to raise when the home folder, or a file in it, can't be used."""
    reason = getattr(error, "strerror", None) or str(error)
    return OperationProblem(
        f"数据目录 {path} 无法读写（{reason}）：请修正该目录的权限或磁盘空间，或用环境变量 TONGCHOU_HOME 指定另一个目录",
        f"cannot use {path} ({reason}): mend its permissions or disk space, or set TONGCHOU_HOME to another folder",
    )
