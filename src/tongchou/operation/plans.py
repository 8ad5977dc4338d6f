"""Plans: the steps that end a day or a month, in their order. A plan stops at its first failure and says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from tongchou.operation import messages, queue
from tongchou.operation.models import JobRun, PlanRun

if TYPE_CHECKING:
    from tongchou.control.api import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: the job kind that does it and the steps that must be done before."""

    name: str
    title: str
    kind: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A named list of steps."""

    name: str
    title: str
    steps: tuple[Step, ...]


DAILY = Plan(
    name="daily",
    title="日终",
    steps=(
        Step(name="ready", title="运行条件检查", kind="operation.ready"),
        Step(name="partitions", title="费用分区", kind="operation.partitions", after=("ready",)),
        Step(name="close", title="日结", kind="operation.close_day", after=("partitions",)),
        Step(name="doctor", title="数据检查", kind="operation.doctor", after=("close",)),
        Step(name="backup", title="备份", kind="operation.backup", after=("doctor",)),
        Step(name="tidy", title="清理", kind="operation.tidy", after=("backup",)),
    ),
)
MONTHLY = Plan(
    name="monthly",
    title="月终",
    steps=(
        Step(name="closed", title="全月日结检查", kind="operation.month_closed"),
        Step(name="doctor", title="数据检查", kind="operation.doctor", after=("closed",)),
        Step(name="drill", title="恢复演练", kind="operation.drill", after=("doctor",)),
        Step(name="report", title="月度运行报告", kind="operation.month_report", after=("drill",)),
    ),
)
PLANS = {plan.name: plan for plan in (DAILY, MONTHLY)}


def start(*, plan: str, area: str, day: date, now: datetime, operator: Operator | None = None) -> PlanRun:
    """Start a plan for an area and a day; a plan that was started already is returned as it is.

    Raises:
        KeyError: there is no such plan.
    """
    steps = PLANS[plan].steps
    with transaction.atomic():
        run, created = PlanRun.objects.get_or_create(
            plan=plan, area=area, day=day, defaults={"requested_by": operator, "started_at": now}
        )
        if created:
            for step in steps:
                JobRun.objects.create(
                    kind=step.kind,
                    key=f"{plan}:{area}:{day}:{step.name}",
                    title=step.title,
                    area=area,
                    arguments={"day": day.isoformat()},
                    status=JobRun.Status.WAITING,
                    requested_by=operator,
                    created_at=now,
                    plan=run,
                    step=step.name,
                )
            _queue_due(run)
    return run


def step_ended(*, plan_run_id: int) -> None:
    """A step of the plan ended, in the caller's transaction: queue what is due now, or stop and tell."""
    run = PlanRun.objects.select_for_update().get(pk=plan_run_id)
    steps = list(run.steps.order_by("pk"))
    failed = [step for step in steps if step.status in (JobRun.Status.FAILED, JobRun.Status.CANCELLED)]
    if failed:
        run.status = PlanRun.Status.STOPPED
        _tell(run, failed[0])
    elif all(step.status == JobRun.Status.DONE for step in steps):
        run.status, run.finished_at = PlanRun.Status.DONE, timezone.now()
    else:
        _queue_due(run)
    run.save(update_fields=["status", "finished_at"])


def _queue_due(run: PlanRun) -> None:
    """Queue the waiting steps whose predecessors are all done."""
    rows = {row.step: row for row in run.steps.all()}
    for step in PLANS[run.plan].steps:
        row = rows[step.name]
        ready = all(rows[name].status == JobRun.Status.DONE for name in step.after)
        if row.status == JobRun.Status.WAITING and ready:
            row.status, row.queue_job = JobRun.Status.QUEUED, queue.put(row.pk)
            row.save(update_fields=["status", "queue_job"])


def _tell(run: PlanRun, step: JobRun) -> None:
    """Tell those who run the system where the plan stopped and what to do."""
    title = f"{PLANS[run.plan].title} {run.day} 停在“{step.title}”"
    text = f"{step.error}\n处理办法：{step.remedy}\n处理后在 日终计划 中重试该步骤，计划从这里继续。"
    messages.tell_operation(
        key=f"plan:{run.pk}:{step.step}:{step.attempts}",
        severity="error",
        title=title,
        text=text,
        link=f"/operation/plans/{run.pk}/",
        now=timezone.now(),
    )
