"""What the database and the disks know, as Prometheus figures; asked at most every five seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from prometheus_client.core import GaugeMetricFamily

from tongchou.operation import health

FRESH_SECONDS = 5.0

_GAUGES = (
    (
        "tongchou_jobs",
        "runs of jobs by status",
        ("status",),
        "SELECT status, count(*) FROM operation_jobrun GROUP BY 1",
    ),
    (
        "tongchou_queue_oldest_seconds",
        "age of the oldest job that waits for a worker",
        (),
        "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM operation_jobrun WHERE status = 'queued'",
    ),
    (
        "tongchou_workers",
        "worker processes that said something in the last minute",
        (),
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '60 s'",
    ),
    (
        "tongchou_plans_stopped",
        "daily and monthly plans that stopped at a failure",
        (),
        "SELECT count(*) FROM operation_planrun WHERE status = 'stopped'",
    ),
    (
        "tongchou_settlements_today",
        "settlements of today by direction",
        ("direction",),
        "SELECT CASE direction WHEN 1 THEN 'settled' ELSE 'revoked' END, count(*) FROM settlement_settlement "
        "WHERE business_date = (now() AT TIME ZONE 'Asia/Shanghai')::date GROUP BY 1",
    ),
    (
        "tongchou_day_open",
        "1 while today's business day of the area takes postings",
        ("area",),
        "SELECT area, (coalesce(ledger_closed_through(area), '-infinity') < (now() AT TIME ZONE 'Asia/Shanghai')::date)"
        "::int FROM (SELECT DISTINCT area FROM ledger_account) AS a",
    ),
    (
        "tongchou_days_unclosed",
        "past business days with postings that are not closed",
        ("area",),
        "SELECT j.area, count(DISTINCT business_date) FROM ledger_journal j "
        "WHERE business_date < (now() AT TIME ZONE 'Asia/Shanghai')::date "
        "AND business_date > coalesce(ledger_closed_through(j.area), '-infinity') GROUP BY 1",
    ),
    (
        "tongchou_database_connections",
        "connections to the database by state",
        ("state",),
        "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1",
    ),
    (
        "tongchou_database_connections_limit",
        "connections that the server allows",
        (),
        "SELECT current_setting('max_connections')::int",
    ),
    ("tongchou_database_bytes", "size of the database", (), "SELECT pg_database_size(current_database())"),
    (
        "tongchou_database_commits",
        "committed transactions of the database",
        (),
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()",
    ),
    (
        "tongchou_archive_failing",
        "1 when the last attempt to archive the log failed",
        (),
        "SELECT (coalesce(last_failed_time, '-infinity') > coalesce(last_archived_time, '-infinity'))::int "
        "FROM pg_stat_archiver",
    ),
    (
        "tongchou_standby_lag_bytes",
        "log that a standby has not confirmed",
        ("standby", "mode"),
        "SELECT application_name, sync_state, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn), 0) "
        "FROM pg_stat_replication",
    ),
)
"""Name, help, labels, SQL whose rows are labels and value."""


class Facts:
    """The collector. A failing query leaves its figure out; ``tongchou_database_up`` says that the server is away."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self._at = -FRESH_SECONDS

    def collect(self, *, now: datetime | None = None) -> Iterable[Any]:
        """The figures, fresh or those of the last seconds."""
        if time.monotonic() - self._at >= FRESH_SECONDS:
            self._kept = list(self._ask(now or datetime.now().astimezone()))
            self._at = time.monotonic()
        return self._kept

    def _ask(self, now: datetime) -> Iterator[Any]:
        up = True
        try:
            with connection.cursor() as cursor:
                for name, text, labels, sql in _GAUGES:
                    cursor.execute(sql)
                    gauge = GaugeMetricFamily(name, text, labels=labels)
                    for row in cursor.fetchall():
                        gauge.add_metric([str(word) for word in row[:-1]], float(row[-1]))
                    yield gauge
        except DatabaseError:
            up = False
        yield GaugeMetricFamily("tongchou_database_up", "1 when the database answers", value=int(up))
        yield from _disks_and_backups(now)


def _disks_and_backups(now: datetime) -> Iterator[Any]:
    import shutil
    from pathlib import Path

    from django.conf import settings

    disk = GaugeMetricFamily("tongchou_disk_free_bytes", "free space", labels=["place"])
    for name, place in {"home": Path(settings.HOME.root), "backups": health.backup_folder()}.items():
        existing = next(folder for folder in (place, *place.parents) if folder.exists())
        disk.add_metric([name], shutil.disk_usage(existing).free)
    yield disk
    last = health.last_backup()
    if last is not None:
        age = (now - last).total_seconds()
        yield GaugeMetricFamily("tongchou_backup_age_seconds", "since the last complete backup", value=age)
