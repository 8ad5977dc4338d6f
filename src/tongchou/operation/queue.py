"""The door to procrastinate: one task that runs a run. Nothing else in this room knows the queue."""

from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app

TASK = "tongchou.operation.run"


def put(run_id: int) -> int:
    """Put a run into the queue, in the transaction that is open; returns the entry's number in the queue."""
    return int(app.configure_task(TASK, queue="tongchou").defer(run_id=run_id))


def withdraw(entry: int) -> bool:
    """Take an entry out of the queue; false when a worker has it already."""
    return bool(app.job_manager.cancel_job_by_id(entry))


def holds_work() -> bool:
    """Does an entry wait for a worker?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s)", [TASK]
        )
        return bool(cursor.fetchone()[0])
