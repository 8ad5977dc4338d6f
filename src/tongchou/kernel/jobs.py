"""Background jobs as rooms declare them: a name, a Chinese title, a function of the running job.

A room declares its kinds in its own ``jobs.py`` with :func:`job`; the room ``operation`` runs, shows and repeats them.
A job does its work in steps. What a step writes and the checkpoint that says so are one transaction, so a job that is
killed anywhere goes on after its last complete step and does nothing twice::

    @job("catalogue.reprice", title="目录调价")
    def reprice(job: RunningJob) -> None:
        done = job.checkpoint or 0
        for batch in batches(after=done):
            with job.step(checkpoint=batch[-1], done=batch[-1]):
                apply(batch)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

KINDS: Final[dict[str, JobKind]] = {}
"""Every declared kind by name. Filled when the rooms' ``jobs`` modules are imported."""

LogLevel = Literal["info", "warning", "error"]


class JobCancelled(Exception):
    """Raised inside a job, between two steps, when somebody asked for it to end."""


class RunningJob(Protocol):
    """What a job's function gets."""

    @property
    def id(self) -> int:
        """Number of the run."""

    @property
    def area(self) -> str:
        """Pooling area it works for, or empty."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What it was started with (JSON)."""

    @property
    def checkpoint(self) -> Any:
        """What the last complete step left (JSON), or ``None`` at the first start."""

    def step(
        self, *, checkpoint: Any = None, done: int | None = None, total: int | None = None, note: str = ""
    ) -> AbstractContextManager[None]:
        """One transaction: the work of the block, the checkpoint and the progress.

        Raises:
            JobCancelled: somebody asked for the end; the block is not entered.
        """

    def progress(self, *, done: int | None = None, total: int | None = None, note: str = "") -> None:
        """Show how far the work is, outside any transaction of the job.

        Raises:
            JobCancelled: somebody asked for the end.
        """

    def log(self, text: str, *, level: LogLevel = "info") -> None:
        """Add a line to the run's log. No personal data."""

    def result_file(self, name: str) -> Path:
        """Where to write the file that the user downloads when the job is done."""

    def result(self, **figures: Any) -> None:
        """Keep figures (JSON) as the job's result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """One kind of job. ``remedy`` is shown when it fails for a reason that names no remedy of its own."""

    name: str
    title: str
    run: Callable[[RunningJob], None]
    remedy: str
    by_hand: bool


def job(
    name: str, *, title: str, remedy: str = "请查看任务日志，按原因处理后重试", by_hand: bool = False
) -> Callable[[Callable[[RunningJob], None]], Callable[[RunningJob], None]]:
    """Declare a job kind and enter it in :data:`KINDS`.

    Args:
        name: ``room.what``, never reused.
        title: what a user reads, Chinese.
        by_hand: it can be started from the screen without arguments.

    Raises:
        ValueError: the name is already taken by another function.
    """

    def declare(function: Callable[[RunningJob], None]) -> Callable[[RunningJob], None]:
        if name in KINDS:
            raise ValueError(f"job kind declared twice: {name}")
        KINDS[name] = JobKind(name=name, title=title, run=function, remedy=remedy, by_hand=by_hand)
        return function

    return declare
