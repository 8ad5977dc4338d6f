"""Use cases around jobs: ask for one, cancel it, run it again. Each is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tongchou.kernel.jobs import KINDS
from tongchou.operation import queue
from tongchou.operation.models import JobRun, PlanRun
from tongchou.operation.rejections import JOB_FINISHED, JOB_NOT_FINISHED, UNKNOWN_JOB

if TYPE_CHECKING:
    from tongchou.control.api import Operator

ENDED = (JobRun.Status.DONE, JobRun.Status.FAILED, JobRun.Status.CANCELLED)


def request_job(
    *,
    kind: str,
    key: str,
    now: datetime,
    title: str = "",
    area: str = "",
    arguments: Mapping[str, Any] | None = None,
    operator: Operator | None = None,
) -> JobRun:
    """Ask for a job. It is queued when the caller's transaction commits; asked for again, the same run is returned.

    Args:
        key: what makes it this job and no other, for example the day it is for.

    Raises:
        Rejection: OPER-024 there is no such kind.
    """
    if kind not in KINDS:
        raise UNKNOWN_JOB(kind=kind)
    with transaction.atomic():
        run, created = JobRun.objects.get_or_create(
            kind=kind,
            key=key,
            defaults={
                "title": title or KINDS[kind].title,
                "area": area,
                "arguments": dict(arguments or {}),
                "requested_by": operator,
                "created_at": now,
            },
        )
        if created:
            run.queue_job = queue.put(run.pk)
            run.save(update_fields=["queue_job"])
    return run


def cancel_job(*, run_id: int) -> JobRun:
    """End a job: at once when it has not begun, else before its next step.

    Raises:
        JobRun.DoesNotExist: there is no such run.
        Rejection: OPER-026 it has ended.
    """
    with transaction.atomic():
        run = JobRun.objects.select_for_update().get(pk=run_id)
        if run.status in ENDED:
            raise JOB_FINISHED(run=run_id)
        if run.status == JobRun.Status.QUEUED and run.queue_job and queue.withdraw(run.queue_job):
            run.status = JobRun.Status.CANCELLED
        else:
            run.cancel_requested = True
        run.save(update_fields=["status", "cancel_requested"])
        return run


def retry_job(*, run_id: int) -> JobRun:
    """Run a failed or cancelled job again; it goes on after its last complete step. A plan goes on with it.

    Raises:
        JobRun.DoesNotExist: there is no such run.
        Rejection: OPER-025 it is queued, running or done.
    """
    with transaction.atomic():
        run = JobRun.objects.select_for_update().get(pk=run_id)
        if run.status not in (JobRun.Status.FAILED, JobRun.Status.CANCELLED):
            raise JOB_NOT_FINISHED(run=run_id)
        run.status, run.cancel_requested, run.finished_at = JobRun.Status.QUEUED, False, None
        run.error = run.remedy = ""
        run.attempts = 0
        run.queue_job = queue.put(run.pk)
        run.save()
        if run.plan_id is not None:
            PlanRun.objects.filter(pk=run.plan_id).update(status=PlanRun.Status.RUNNING, finished_at=None)
        return run
