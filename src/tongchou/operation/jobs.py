"""The job kinds of operation itself: the steps of the daily and monthly plans, backup and drill by hand.

All of them are safe to run twice: what is done already is found done.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from tongchou.kernel.jobs import RunningJob, job
from tongchou.ledger import api as ledger
from tongchou.operation import backup, drill, health, keycare, retention, sealing, servers, store
from tongchou.operation.models import JobRun
from tongchou.operation.rejections import DAYS_STILL_OPEN, DOCTOR_FOUND, DRILL_FAILED, NOT_READY
from tongchou.settlement import api as settlement

MONTHS_AHEAD = 3


@job("operation.ready", title="运行条件检查")
def check_ready(run: RunningJob) -> None:
    """Refuse to begin a night's work on a full disk or without the schema."""
    found = health.checks(timezone.now())
    for check in found:
        run.log(f"{check.name}：{check.detail}", level="info" if check.ok else "warning")
    bad = [check for check in found if check.vital and not check.ok]
    if bad:
        raise NOT_READY(reasons="；".join(f"{check.name} {check.detail}（{check.remedy}）" for check in bad))


@job("operation.partitions", title="费用分区")
def ensure_partitions(run: RunningJob) -> None:
    """Create the fee lines' partitions of the coming months."""
    day = _day(run)
    with run.step(note="建立分区"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT settlement_ensure_fee_months(%s, (%s + make_interval(months => %s))::date)",
            [day, day, MONTHS_AHEAD],
        )
        created = cursor.fetchone()
    run.log(f"新建分区 {created[0] if created else 0} 个")


@job("operation.close_day", title="日结")
def close_day(run: RunningJob) -> None:
    """Close every open day of the area up to the plan's day, oldest first, each in its own transaction."""
    until = _day(run)
    days = sorted({*ledger.open_days(area=run.area, until=until), until})
    if ledger.is_closed(area=run.area, day=until):
        days = []
        run.log(f"{until} 已经日结")
    for number, day in enumerate(days, start=1):
        with run.step(checkpoint=day.isoformat(), done=number, total=len(days), note=f"日结 {day}"):
            figures = settlement.close_day(area=run.area, day=day, now=timezone.now())
        run.log(f"{day} 日结完成：凭证 {figures.journals} 张")
    run.result(closed=[day.isoformat() for day in days])


@job("operation.doctor", title="数据检查", by_hand=True)
def run_doctor(run: RunningJob) -> None:
    """Run the doctor as the command line does, and keep what it says."""
    run.progress(note="检查所有约束")
    done = subprocess.run(
        [*settings.COMMAND, "doctor"], capture_output=True, text=True, check=False, env=_environment()
    )
    said = done.stdout if done.returncode == 0 else done.stdout + done.stderr
    lines = [line for line in said.splitlines() if line.strip()]
    run.result_file("doctor.txt").write_text("\n".join(lines) + "\n", "utf-8")
    for line in lines[-50:]:
        run.log(line, level="info" if done.returncode == 0 else "error")
    if done.returncode != 0:
        raise DOCTOR_FOUND(count=len(lines), first=lines[0] if lines else f"退出码 {done.returncode}")


@job("operation.backup", title="备份", by_hand=True)
def take_backup(run: RunningJob) -> None:
    """Back up, unless this run's backup is complete already."""
    if run.checkpoint:
        return
    say = _sayer(run)
    now = timezone.now()
    home = Path(settings.HOME.root)
    keycare.refuse_keys_beside(health.backup_folder(), home)
    if url := os.environ.get("DATABASE_URL"):
        place = backup.default_store()
        taken = backup.dump(url, place, programs=settings.POSTGRES_PROGRAMS(), now=now, say=say)
    else:
        server = servers.embedded()
        place = backup.default_store()
        taken = backup.take(server, place, now=now, say=say)
    with run.step(checkpoint=taken.name, done=1, total=1):
        run.result(backup=taken.name, bytes=taken.bytes)
    removed = store.expire(place, today=now.date())
    run.log(f"清理过期备份和日志 {len(removed)} 项")
    if said := keycare.reminder(home):
        run.log(said, level="warning")


@job("operation.drill", title="恢复演练", by_hand=True, remedy="备份不能恢复：请立即做一次新备份并重新演练")
def run_drill(run: RunningJob) -> None:
    """Restore the last backup into a temporary server and tie it to the books."""
    server = servers.embedded()
    place = backup.default_store()
    identity = os.environ.get("TONGCHOU_DRILL_IDENTITY")
    report = drill.run(
        server,
        place,
        place.choose(whole=True),
        key=sealing.identity(Path(identity)) if identity else None,
        doctor=[*settings.COMMAND, "doctor"],
        live=server.conninfo(servers.DATABASE),
        now=timezone.localtime(),
        say=_sayer(run),
    )
    run.result_file("drill.txt").write_text("\n".join(report.lines()) + "\n", "utf-8")
    for line in report.lines():
        run.log(line)
    if not report.passed:
        raise DRILL_FAILED(reason=(report.tie_differences + report.lost_since + ["数据检查未通过"])[0])


@job("operation.tidy", title="清理")
def tidy(run: RunningJob) -> None:
    """Remove what is past its retention period; what was removed is in the report and in the trail."""
    _retention(run, dry=False)


@job("operation.retention_check", title="保存期核对（不清理）", by_hand=True)
def check_retention(run: RunningJob) -> None:
    """Say what the next tidying would remove."""
    _retention(run, dry=True)


def _retention(run: RunningJob, *, dry: bool) -> None:
    now = timezone.now()
    found = retention.run(now=now, dry=dry, step=lambda note: run.progress(note=note))
    text = retention.report(found, dry=dry, now=now)
    run.result_file("retention.txt").write_text(text, "utf-8")
    for line in text.splitlines():
        run.log(line)
    run.result(**{one.title: one.count for one in found})


@job("operation.month_closed", title="全月日结检查")
def check_month_closed(run: RunningJob) -> None:
    """Refuse the end of the month while one of its days is open."""
    day = _day(run)
    still_open = ledger.open_days(area=run.area, until=day)
    if still_open:
        raise DAYS_STILL_OPEN(area=run.area, days="、".join(one.isoformat() for one in still_open[:10]))
    run.log(f"截至 {day} 的业务日全部日结")


@job("operation.month_report", title="月度运行报告")
def write_month_report(run: RunningJob) -> None:
    """One page on the month: days closed, jobs by outcome, backups."""
    day = _day(run)
    first = day.replace(day=1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    runs = JobRun.objects.filter(created_at__gte=since)
    lines = [f"运行月报 {day:%Y-%m} 统筹区 {run.area}", f"日结至 {ledger.closed_through(area=run.area)}"]
    for status, label in JobRun.Status.choices:
        lines.append(f"任务 {label} {runs.filter(status=status).count()} 个")
    kept = [
        one for one in store.Store(health.backup_folder()).backups() if one.manifest.finished >= since.astimezone(UTC)
    ]
    lines.append(f"备份 {len(kept)} 份，最近 {kept[-1].name if kept else '无'}")
    run.result_file("month.txt").write_text("\n".join(lines) + "\n", "utf-8")
    for line in lines:
        run.log(line)


def _day(run: RunningJob) -> date:
    """The day the run is for; today when it was started by hand."""
    text = run.arguments.get("day")
    return date.fromisoformat(text) if text else timezone.localdate()


def _sayer(run: RunningJob) -> Callable[[str], None]:
    def say(line: str) -> None:
        run.log(line)
        run.progress(note=line)

    return say


def _environment() -> dict[str, str]:
    """The doctor gets the database that this process uses, also where tests changed its settings."""
    from django.db import connection as current

    if os.environ.get("DATABASE_URL"):
        return dict(os.environ)
    parameters = current.get_connection_params()
    words = {"host": parameters.get("host", ""), "port": parameters.get("port", ""), "user": parameters.get("user", "")}
    conninfo = " ".join(f"{name}='{value}'" for name, value in words.items() if value)
    return os.environ | {"DATABASE_URL": f"{conninfo} dbname='{parameters['dbname']}'"}
