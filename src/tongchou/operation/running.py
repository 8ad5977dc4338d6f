"""Running a job: one worker at a time, step by step, cancellable, repeatable.

A session lock in the database says that a run is being worked on. It goes with the worker's connection, so a killed
worker's runs are known at once and taken up again by the next one (:func:`rescue`).
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from tongchou.kernel.jobs import KINDS, JobCancelled, JobKind, LogLevel
from tongchou.kernel.rejection import Rejection
from tongchou.operation import plans
from tongchou.operation.models import JobLogLine, JobRun
from tongchou.operation.queue import put

log = logging.getLogger("tongchou.operation.jobs")

LOCK_CLASS = 0x54C6
"""First half of the advisory lock's key; the second is the run's number."""
MOST_ATTEMPTS = 10
"""A run that brought its worker down this often is not taken up again by itself."""


stopping = threading.Event()
"""Set when the worker was asked to end: jobs then leave after the step they are in."""


class _WorkerEnds(Exception):
    """Raised inside a job between two steps; the run stays open and goes on with the next worker."""


class Run:
    """The running job as its function sees it (``kernel.jobs.RunningJob``)."""

    def __init__(self, row: JobRun) -> None:
        self._row = row
        self._file: Path | None = None

    @property
    def id(self) -> int:
        """Number of the run."""
        return int(self._row.pk)

    @property
    def area(self) -> str:
        """Pooling area it works for, or empty."""
        return self._row.area

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What it was started with."""
        return dict(self._row.arguments)

    @property
    def checkpoint(self) -> Any:
        """What the last complete step left."""
        return self._row.checkpoint

    @contextmanager
    def step(
        self, *, checkpoint: Any = None, done: int | None = None, total: int | None = None, note: str = ""
    ) -> Iterator[None]:
        """One transaction: the block's work, the checkpoint and the progress."""
        self._end_if_asked()
        with transaction.atomic():
            yield
            self._update(checkpoint=checkpoint, done=done, total=total, note=note)
        self._row.checkpoint = checkpoint if checkpoint is not None else self._row.checkpoint

    def progress(self, *, done: int | None = None, total: int | None = None, note: str = "") -> None:
        """Show how far the work is."""
        self._update(checkpoint=None, done=done, total=total, note=note)
        self._end_if_asked()

    def log(self, text: str, *, level: LogLevel = "info") -> None:
        """Add a line to the run's log."""
        JobLogLine.objects.create(run_id=self.id, at=timezone.now(), level=level, text=text)

    def result_file(self, name: str) -> Path:
        """Where to write the result; readable by the site's user only."""
        folder = file_folder(self.id)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = folder / Path(name).name
        return self._file

    def result(self, **figures: Any) -> None:
        """Keep figures as the job's result."""
        self._row.result = self._row.result | figures
        JobRun.objects.filter(pk=self.id).update(result=self._row.result)

    def written_file(self) -> dict[str, str]:
        """Name and checksum of the result file, if one was written."""
        if self._file is None or not self._file.is_file():
            return {}
        self._file.chmod(0o600)
        with self._file.open("rb") as file:
            return {"file": self._file.name, "file_hash": hashlib.file_digest(file, "sha256").hexdigest()}

    def _update(self, *, checkpoint: Any, done: int | None, total: int | None, note: str) -> None:
        given = {"checkpoint": checkpoint, "done": done, "total": total, "note": note[:200] or None}
        changed = {name: value for name, value in given.items() if value is not None}
        if changed:
            JobRun.objects.filter(pk=self.id).update(**changed)

    def _end_if_asked(self) -> None:
        if stopping.is_set():
            raise _WorkerEnds
        if JobRun.objects.filter(pk=self.id, cancel_requested=True).exists():
            raise JobCancelled


def file_folder(run_id: int) -> Path:
    """Folder of a run's result file."""
    return Path(settings.MEDIA_ROOT) / "jobs" / str(run_id)


def execute(run_id: int) -> None:
    """Work on a queued run until it ends; does nothing when another worker has it or it has ended.

    Raises:
        OperationalError: the database went away. The run stays as it is and is taken up again (:func:`rescue`).
    """
    with _claimed(run_id) as ours:
        if not ours:
            return
        row = _begin(run_id)
        if row is None:
            return
        kind = KINDS.get(row.kind)
        if kind is None:
            _end(
                row, JobRun.Status.FAILED, error=f"没有名为 {row.kind} 的任务", remedy="请用同一版本的程序重启后台进程"
            )
            return
        _work(row, kind)


def rescue() -> int:
    """Take up again the runs whose worker died, and those whose place in the queue was lost. Returns how many."""
    taken = 0
    for row in JobRun.objects.filter(status__in=(JobRun.Status.RUNNING, JobRun.Status.QUEUED)):
        with _claimed(row.pk) as ours:
            if not ours or _is_queued(row):
                continue
            if row.attempts >= MOST_ATTEMPTS:
                _end(row, JobRun.Status.FAILED, error=f"执行 {row.attempts} 次都中断了", remedy="请查看后台进程日志")
                continue
            with transaction.atomic():
                # A second look inside the transaction: the run may have ended between our reading and our lock.
                still = JobRun.objects.select_for_update().get(pk=row.pk)
                if still.status not in (JobRun.Status.RUNNING, JobRun.Status.QUEUED):
                    continue
                JobLogLine.objects.create(
                    run=still, at=timezone.now(), level="warning", text="后台进程中断，从断点继续"
                )
                still.status, still.queue_job = JobRun.Status.QUEUED, put(still.pk)
                still.save(update_fields=["status", "queue_job"])
            taken += 1
    return taken


def _work(row: JobRun, kind: JobKind) -> None:
    run = Run(row)
    try:
        kind.run(run)
    except JobCancelled:
        _end(row, JobRun.Status.CANCELLED)
    except _WorkerEnds:
        log.info("job %s goes on with the next worker", row.pk)
    except Rejection as refusal:
        run.log(f"{refusal.code} {refusal.message}", level="error")
        _end(row, JobRun.Status.FAILED, error=f"{refusal.code} {refusal.message}", remedy=refusal.remedy)
    except (OperationalError, InterfaceError, psycopg.OperationalError):
        raise
    except Exception as error:
        # A bug. Its text may quote a row, so the run keeps its type only; the process log has the traceback.
        log.exception("job %s (%s) failed", row.pk, row.kind)
        problem = f"{type(error).__name__}"
        zh = getattr(error, "zh", "")  # a problem of the machine that the operator can mend says so itself
        _end(row, JobRun.Status.FAILED, error=zh or f"程序错误 {problem}，详见后台进程日志", remedy=kind.remedy)
    else:
        _end(row, JobRun.Status.DONE, **run.written_file())


def _begin(run_id: int) -> JobRun | None:
    with transaction.atomic():
        row = JobRun.objects.select_for_update().filter(pk=run_id).first()
        if row is None or row.status not in (JobRun.Status.QUEUED, JobRun.Status.RUNNING):
            return None
        row.status, row.attempts, row.started_at = JobRun.Status.RUNNING, row.attempts + 1, timezone.now()
        row.finished_at, row.error, row.remedy = None, "", ""
        row.save()
        return row


def _end(row: JobRun, status: JobRun.Status, **fields: str) -> None:
    with transaction.atomic():
        JobRun.objects.filter(pk=row.pk).update(
            status=status, finished_at=timezone.now(), cancel_requested=False, **fields
        )
        if status == JobRun.Status.DONE:
            JobRun.objects.filter(pk=row.pk, total__gt=0).update(done=F("total"))
        if row.plan_id is not None:
            plans.step_ended(plan_run_id=row.plan_id)


def _is_queued(row: JobRun) -> bool:
    """Does the queue still hold the run's entry: waiting, or just taken by a worker that lives?"""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUED, [row.queue_job, row.status])
        return cursor.fetchone() is not None


_QUEUED = """
SELECT 1 FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
WHERE j.id = %s AND (j.status = 'todo'
    OR (j.status = 'doing' AND %s = 'queued' AND w.last_heartbeat > now() - interval '30 seconds'))
"""


@contextmanager
def _claimed(run_id: int) -> Iterator[bool]:
    """Hold the run's session lock on a connection of its own; false when another worker has it."""
    parameters = connection.get_connection_params()
    wanted = {name: value for name, value in parameters.items() if name not in ("cursor_factory", "context")}
    with psycopg.connect(**wanted, autocommit=True) as own:
        row = own.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, run_id % 2**31]).fetchone()
        yield bool(row and row[0])
