"""Who the embedded PostgreSQL runs as, and whether that user reaches what the server needs.

PostgreSQL refuses to run as root. An ordinary user runs it as themselves; for root it runs as the system user
``tongchou`` (created once), or as ``nobody`` where users can't be created. Permissions of parent folders are never
changed: what the user can't reach is put under ``/var/lib/tongchou`` instead.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tongchou.project import postgres_problems as problems

SYSTEM_USER = "tongchou"
STATE_ROOT = Path("/var/lib/tongchou")
"""Where root's instance keeps what its server's user could not reach elsewhere."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The operating system user that the server runs as."""

    uid: int
    gid: int
    switched: bool
    """True when we are root and the server must run as another user."""

    @classmethod
    def current(cls) -> Owner:
        """The owner for the user who runs this process. As root the system user may be created.

        Raises:
            OperationProblem: we are root and no unprivileged user can be found or created.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), False)
        entry = _entry(SYSTEM_USER) or _create_system_user() or _entry("nobody")
        if entry is None or entry.pw_uid == 0:
            raise problems.no_unprivileged_user()
        return cls(entry.pw_uid, entry.pw_gid, True)

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a program as this user from the root folder and wait for it; output captured, locale C."""
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
            user=self._user,
            group=self._group,
            extra_groups=self._extra_groups,
        )

    def popen(self, command: list[str], *, stdout: IO[bytes], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a program as this user in a session of its own, so that Ctrl-C in our terminal does not reach it."""
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            user=self._user,
            group=self._group,
            extra_groups=self._extra_groups,
        )

    def make_dir(self, path: Path) -> None:
        """Create a folder for this user alone (mode 0700), or take an existing one that is theirs.

        Raises:
            OSError: it can't be created, or it belongs to someone else.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=0o700)
            if self.switched:
                os.chown(path, self.uid, self.gid)
        except FileExistsError:
            found = path.lstat()
            if not path.is_dir() or path.is_symlink() or found.st_uid != self.uid:
                raise PermissionError(1, f"属于其他用户 / belongs to someone else (uid {found.st_uid})") from None
        path.chmod(0o700)

    def reaches(self, folder: Path) -> bool:
        """Whether this user can enter the folder; asked from the operating system itself, access lists included."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0

    def binaries_copy(self, binaries: Path) -> Path:
        """Where a copy of the programs for this user lies, if one is needed; keyed by their place and date."""
        stamp = f"{binaries}:{(binaries / 'postgres').stat().st_mtime_ns}"
        package = STATE_ROOT / f"programs-{_short_hash(stamp)}" / binaries.parents[1].name
        return package / binaries.parent.name / binaries.name if self.switched else binaries

    @property
    def _user(self) -> int | None:
        return self.uid if self.switched else None

    @property
    def _group(self) -> int | None:
        return self.gid if self.switched else None

    @property
    def _extra_groups(self) -> list[int] | None:
        return [] if self.switched else None


def prepare_for(owner: Owner, base: Path, binaries: Path) -> None:
    """Make sure that the owner reaches its data folder and the programs; see ``postgres.settle_cluster_in``.

    Raises:
        OperationProblem: a folder can't be created or is not reachable, with what to do about it.
    """
    if not owner.switched:
        return
    try:
        pointer = base / "postgres.path"
        if not pointer.exists() and not (base / "postgres").exists() and not owner.reaches(base):
            place = STATE_ROOT / f"{base.parent.name}-{base.name}-{_short_hash(str(base))}"
            place.mkdir(parents=True, exist_ok=True)
            pointer.write_text(f"{place}\n", "utf-8")
        place = Path(pointer.read_text("utf-8").strip()) if pointer.exists() else base
        if not owner.reaches(place):
            raise problems.not_reachable(place, SYSTEM_USER)
        copy = owner.binaries_copy(binaries)
        if not copy.exists() and not _runs(owner, binaries):
            _copy_programs(binaries.parents[2], binaries.parents[1].name, copy.parents[2])
    except OSError as error:
        raise problems.from_os_error(base, error) from error


def _runs(owner: Owner, binaries: Path) -> bool:
    try:
        return owner.run([str(binaries / "postgres"), "--version"]).returncode == 0
    except PermissionError:
        return False


def _copy_programs(site_packages: Path, package: str, target: Path) -> None:
    """Copy the package and the libraries beside it (``<package>.libs``) where every user can read; completely or not."""
    building = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    for folder in (package, f"{package}.libs"):
        if (site_packages / folder).is_dir():
            ignored = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
            shutil.copytree(site_packages / folder, building / folder, symlinks=True, ignore=ignored)
    try:
        building.rename(target)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        if not target.is_dir():
            raise


def _create_system_user() -> pwd.struct_passwd | None:
    if shutil.which("useradd") is None:
        return None
    command = ["useradd", "--system", "--no-create-home", "--home-dir", str(STATE_ROOT), "--shell", "/usr/sbin/nologin"]
    subprocess.run([*command, "--user-group", SYSTEM_USER], capture_output=True, check=False)
    return _entry(SYSTEM_USER)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _environment() -> dict[str, str]:
    """A clean environment: no PG* variable and no locale of the caller reaches the server."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "TZDIR")}
    return kept | {"LC_ALL": "C"}


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
