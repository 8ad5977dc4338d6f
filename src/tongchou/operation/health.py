"""Is this instance fit to serve? What the load balancer asks (``/readyz``) and the first step of the daily plan."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from tongchou.operation import upgrade
from tongchou.operation.store import Backup, Store, default_folder

GIGABYTE = 1024**3
LEAST_FREE = 2 * GIGABYTE
WORKER_SECONDS = 60
"""A worker that said nothing for so long is not there (it says so every 10 seconds)."""
BACKUP_HOURS = 26


@dataclass(frozen=True, slots=True)
class Check:
    """One condition. ``vital`` ones decide whether requests may come; the others are warnings."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    vital: bool = True


def checks(now: datetime) -> list[Check]:
    """All conditions, the database first; without it only those that need none follow."""
    found = [_database()]
    if found[0].ok:
        found += [_schema(), _worker(), *_days(now), *_archive(now), *_standbys()]
    return [*found, *_disks()]


def ready(found: list[Check]) -> bool:
    """May requests come?"""
    return all(check.ok for check in found if check.vital)


def pooling_areas() -> list[str]:
    """The pooling areas that this database serves: those with books."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT area FROM ledger_account ORDER BY 1")
        return [area for (area,) in cursor.fetchall()]


def _database() -> Check:
    try:
        _one("SELECT 1")
        writable = _one("SELECT NOT pg_is_in_recovery()")
    except DatabaseError as error:
        return Check("数据库", False, type(error).__name__, "请检查数据库是否运行：tongchou db status")
    remedy = "连接到了备机：请检查 DATABASE_URL 的 target_session_attrs=read-write"
    return Check("数据库", bool(writable), "可读写" if writable else "只读", remedy)


def _schema() -> Check:
    state = upgrade.state()
    if state.unknown:
        return Check("数据库结构", False, f"比程序新：{state.unknown[0]}", "请启动与数据库相同或更新的版本")
    if state.expand:
        return Check("数据库结构", False, f"缺 {len(state.expand)} 个迁移", "请执行 tongchou upgrade")
    return Check("数据库结构", True, "最新" if not state.contract else "可收缩")


def _worker() -> Check:
    age = _one("SELECT extract(epoch FROM now() - max(last_heartbeat))::bigint FROM procrastinate_workers")
    alive = age is not None and age < WORKER_SECONDS
    detail = "运行中" if alive else "没有后台进程"
    return Check("后台进程", alive, detail, "请启动后台进程：systemctl start tongchou-worker", vital=False)


def _days(now: datetime) -> Iterator[Check]:
    today = now.astimezone(None).date()
    for area in pooling_areas():
        closed = _one("SELECT ledger_closed_through(%s)", area)
        is_open = closed is None or closed < today
        yield Check(
            f"业务日 {area}", is_open, f"已日结至 {closed or '无'}", "今日已日结，新结算记入下一业务日", vital=False
        )


def _archive(now: datetime) -> Iterator[Check]:
    row = _row(
        "SELECT last_failed_wal, last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver"
    )
    if row and row[1]:
        yield Check("日志归档", False, f"{row[0]} 归档失败", "请检查备份目录的空间和权限", vital=False)
    last = last_backup()
    if last is None:
        yield Check("备份", False, "还没有备份", "请执行 tongchou backup，或在任务中心执行“备份”", vital=False)
    else:
        hours = (now - last).total_seconds() / 3600
        remedy = "请执行 tongchou backup，并查看日终计划停在哪一步"
        yield Check("备份", hours < BACKUP_HOURS, f"最近一次在 {hours:.0f} 小时前", remedy, vital=False)


def _standbys() -> Iterator[Check]:
    required = _one("SELECT current_setting('synchronous_standby_names')")
    if required:
        connected = _one("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')")
        remedy = "备机断开，提交在等待：请修复备机，或执行 tongchou standby require --off"
        yield Check("同步备机", bool(connected), f"{connected} 台在线", remedy)


def _disks() -> Iterator[Check]:
    for name, place in {"数据盘": Path(settings.HOME.root), "备份盘": backup_folder()}.items():
        existing = next(folder for folder in (place, *place.parents) if folder.exists())
        usage = shutil.disk_usage(existing)
        enough = usage.free >= min(LEAST_FREE, usage.total // 20)
        detail = f"剩余 {usage.free / GIGABYTE:.1f} GB"
        yield Check(name, enough, detail, f"请清理 {existing} 所在磁盘", vital=name == "数据盘")


def backup_folder() -> Path:
    """The instance's backup folder."""
    return default_folder(Path(settings.HOME.root))


def backups() -> list[Backup]:
    """The complete backups, oldest first."""
    return Store(backup_folder()).backups()


def last_backup() -> datetime | None:
    """When the last complete backup ended, or ``None``: there is none."""
    found = backups()
    return found[-1].manifest.finished if found else None


def _row(query: str, *parameters: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return cursor.fetchone()


def _one(query: str, *parameters: str) -> Any:
    row = _row(query, *parameters)
    return row[0] if row else None
