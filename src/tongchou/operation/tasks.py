"""The tasks that procrastinate knows (it imports the module ``tasks`` of every app)."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from tongchou.control import api as control
from tongchou.operation import running, schedule
from tongchou.operation.queue import TASK


@app.task(name=TASK, queue="tongchou")
def run(run_id: int) -> None:
    """Work on one run."""
    running.execute(run_id)


@app.periodic(cron="* * * * *")
@app.task(name="tongchou.operation.minute", queue="tongchou", queueing_lock="minute")
def minute(timestamp: int) -> None:
    """What is due each minute."""
    schedule.every_minute()


@app.periodic(cron="* * * * *")
@app.task(name="tongchou.operation.seal", queue="tongchou", queueing_lock="seal")
def seal_trail(timestamp: int) -> None:
    """Seal what the audit trail gained, and write roots and heads outside the database."""
    control.seal(now=timezone.now())
