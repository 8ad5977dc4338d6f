"""A job that writes one row per step, slowly enough to be killed in the middle."""

from __future__ import annotations

import time

from django.db import connection

from tongchou.kernel.jobs import RunningJob, job


@job("test.slow", title="慢任务")
def slow(run: RunningJob) -> None:
    """Insert the numbers up to ``to`` into the table ``work``, each in one step."""
    for number in range(run.checkpoint or 0, run.arguments["to"]):
        with run.step(checkpoint=number + 1, done=number + 1, total=run.arguments["to"]):
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO work (number) VALUES (%s)", [number])
            time.sleep(0.02)
