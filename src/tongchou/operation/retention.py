"""Retention: what is kept only for a time, how long (parameters ``retention.…``), and its end.

Only records of running the system are here. Ledger, settlements, cases, the trail, persons and their histories are kept as the law on
accounting and social insurance archives asks (30 years and for ever); no rule here names them, and their tables refuse deletion.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from tongchou.control import api as control
from tongchou.operation.running import file_folder
from tongchou.settlement import api as settlement

BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of record. ``where`` says with ``%(before)s`` which rows are over; ``parameter`` holds the days."""

    title: str
    table: str
    where: str
    parameter: str
    key: str = "id"
    before: Callable[[list[int]], None] | None = None
    """What goes first, with the keys of a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rule found or removed."""

    title: str
    days: int
    before: date
    count: int

    def line(self, *, dry: bool) -> str:
        """One line of the report."""
        kept = f"保存 {self.days} 天" if self.days else "到期即清"
        return f"{self.title}：{kept}，{self.before} 以前的 {self.count:,} 项{'应清理' if dry else '已清理'}"


def _remove_files(runs: list[int]) -> None:
    for run in runs:
        shutil.rmtree(file_folder(run), ignore_errors=True)


_RUNS = (
    "finished_at < %(before)s AND NOT EXISTS "
    "(SELECT FROM operation_planrun p WHERE p.id = operation_jobrun.plan_id AND p.status = 'running')"
)
_SESSIONS = "coalesce(ended_at, seen_at) < %(before)s"
RULES = (
    Rule(title="任务记录、日志和结果文件", table="operation_jobrun", where=_RUNS, parameter="retention.jobs_days",
         before=_remove_files),
    Rule(title="站内消息", table="operation_message", where="due_at < %(before)s", parameter="retention.messages_days"),
    Rule(title="已外发的短信和邮件", table="operation_outboundmessage", where="sent_at < %(before)s",
         parameter="retention.outbound_days"),
    Rule(title="登录记录", table="control_signinattempt", where="tried_at < %(before)s", parameter="retention.sign_ins_days"),
    Rule(title="已结束的工作会话", table="control_worksession", where=_SESSIONS, parameter="retention.sessions_days"),
    Rule(title="待确认的导入文件", table="web_upload", where="uploaded_at < %(before)s", parameter="retention.uploads_days"),
    Rule(title="机构交换文件", table="exchange_storedfile", where="expires_at < %(before)s", parameter="", key="number"),
    Rule(title="到期的浏览器会话", table="django_session", where="expire_date < %(before)s", parameter="", key="session_key"),
)  # fmt: skip
"""In the order in which they run. Without a parameter a row carries its own end."""
ANSWERS = "retention.answers_days"
DATA_SETS = "retention.simulation_days"
CHILDREN = {"operation_jobrun": ("operation_joblogline", "run_id")}
"""Rows that go with theirs; the database has no cascade."""


def run(*, now: datetime, dry: bool, step: Callable[[str], object] = lambda note: None) -> list[Outcome]:
    """Remove what is over, or only count it. A batch is a transaction; killed anywhere, the rest goes the next time.

    Args:
        dry: count, remove nothing.
        step: told before each rule; may raise to stop.
    """
    found = []
    for rule in RULES:
        step(rule.title)
        found.append(_outcome(rule.title, rule.parameter, now, lambda before, rule=rule: _apply(rule, before, dry=dry)))
    step("已答复报文的应答内容")
    found.append(_outcome("已答复报文的应答内容", ANSWERS, now, lambda before: _forget_answers(before, dry=dry)))
    step("模拟数据")
    found.append(_outcome("未再使用的模拟数据", DATA_SETS, now, lambda before: _forget_data_sets(before, dry=dry)))
    if not dry:
        control.record(
            action="delete",
            object_kind="retention",
            after={one.title: one.count for one in found if one.count},
            reason="保存期满清理",
        )
    return found


def report(found: Iterable[Outcome], *, dry: bool, now: datetime) -> str:
    """The report as text."""
    head = (
        f"保存期核对（不清理） {timezone.localtime(now):%Y-%m-%d %H:%M}"
        if dry
        else f"保存期满清理 {timezone.localtime(now):%Y-%m-%d %H:%M}"
    )
    return "\n".join([head, *(one.line(dry=dry) for one in found)]) + "\n"


def _outcome(title: str, parameter: str, now: datetime, apply: Callable[[datetime], int]) -> Outcome:
    days = control.integer_of(code=parameter, on=timezone.localdate(now)) if parameter else 0
    before = now - timedelta(days=days)
    return Outcome(title=title, days=days, before=timezone.localdate(before), count=apply(before))


def _apply(rule: Rule, before: datetime, *, dry: bool) -> int:
    given = {"before": before}
    if dry:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {rule.table} WHERE {rule.where}", given)
            return int(cursor.fetchone()[0])
    removed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {rule.key} FROM {rule.table} WHERE {rule.where} ORDER BY {rule.key} LIMIT {BATCH} FOR UPDATE SKIP LOCKED",
                given,
            )
            keys = [row[0] for row in cursor.fetchall()]
            if rule.before is not None:
                rule.before(keys)
            if rule.table in CHILDREN:
                child, column = CHILDREN[rule.table]
                cursor.execute(f"DELETE FROM {child} WHERE {column} = ANY(%s)", [keys])
            cursor.execute(f"DELETE FROM {rule.table} WHERE {rule.key} = ANY(%s)", [keys])
        removed += len(keys)
        if len(keys) < BATCH:
            return removed


def _forget_data_sets(before: datetime, *, dry: bool) -> int:
    from tongchou.simulation.api import forget_unused  # heavy; only this rule needs it

    return forget_unused(Path(settings.MEDIA_ROOT), before=before, dry=dry)


def _forget_answers(before: datetime, *, dry: bool) -> int:
    if dry:
        return settlement.count_answers(before=before)
    forgotten = 0
    while count := settlement.forget_answers(before=before, limit=BATCH):
        forgotten += count
    return forgotten
