"""The few long-lived threads in which blocking services run, each with its own database connection.

A connection that broke (PostgreSQL was restarted, the network hiccupped) is replaced and the work is tried once more.
That is safe for every kind of work here: reads have no effect, and a writing transaction that was committed before the
connection broke finds its receipt and gets its stored answer.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import django.db
import psycopg
from django.db import connection

from tongchou.exchange import rejections

T = TypeVar("T")

THREADS = int(os.environ.get("TONGCHOU_GATEWAY_THREADS", "4"))
HANG_UP_SECONDS = 20
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, django.db.OperationalError, django.db.InterfaceError)
"""What a broken connection raises, through Django or past it. Deadlocks and lock timeouts count too: worth a second try."""
MAX_WAITING = 1000
"""Requests that may wait for a thread; more are refused at once instead of answered late."""


class Workers:
    """A pool of threads with a bounded queue in front."""

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="gateway")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread and wait for its result.

        Raises:
            Rejection: EXCH-090 the database is away, EXCH-091 too many requests wait.
        """
        if self._waiting >= MAX_WAITING:
            raise rejections.BUSY()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, with_connection, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the running work end, hang up every thread's connection, and give the threads back."""
        everybody = threading.Barrier(self._threads)
        for _ in range(self._threads):
            self._executor.submit(_hang_up, everybody)
        self._executor.shutdown(wait=True)


def _hang_up(everybody: threading.Barrier) -> None:
    """Close this thread's connection; the barrier sees to it that no thread does it twice and another not at all."""
    everybody.wait(HANG_UP_SECONDS)
    connection.close()


def with_connection(work: Callable[[], T]) -> T:
    """Run work with this thread's connection, a second time with a new one if it broke.

    Raises:
        Rejection: EXCH-090 the database could not be reached the second time either.
    """
    try:
        return work()
    except AWAY:
        _replace_connection()
    try:
        return work()
    except AWAY:
        _replace_connection()
        raise rejections.DATABASE_AWAY() from None


def _replace_connection() -> None:
    """Drop this thread's connection, and those waiting in the pool that broke in the same outage."""
    try:
        connection.close()
        pool = getattr(connection, "pool", None)  # the PostgreSQL backend's, when the settings ask for one
        if pool is not None:
            pool.check()
    except (psycopg.Error, django.db.Error):
        connection.connection = None
