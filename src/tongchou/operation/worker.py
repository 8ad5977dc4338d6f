"""The worker process: procrastinate's worker, the taking up of interrupted runs, and coming back after the database."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import suppress

import psycopg
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException

from tongchou.operation import queue, running

log = logging.getLogger("tongchou.operation.worker")

RESCUE_SECONDS = 5.0
RETRY_SECONDS = 2.0
POOL_SECONDS = 5.0
"""How long the queue's own connections are waited for; a database that is away longer is waited for in the loop."""
CONCURRENCY = 2
"""A long job and a short one beside it; the database, not the worker, does the heavy part."""


def work(*, until_idle: bool = False) -> None:
    """Run jobs until stopped by a signal; with ``until_idle`` until the queue is empty.

    When the database goes away the worker waits for it and goes on.
    """
    running.stopping.clear()
    while True:
        try:
            if asyncio.run(_work(until_idle=until_idle)):
                if until_idle and queue.holds_work():  # what the last jobs queued
                    continue
                return
            log.warning("the queue's worker ended, starting it again")
        except (psycopg.OperationalError, OperationalError, InterfaceError, ConnectorException) as error:
            log.warning("the database went away (%s), trying again", type(error).__name__)
        time.sleep(RETRY_SECONDS)


async def _work(*, until_idle: bool) -> bool:
    """Run procrastinate's worker; true when it ended because it was asked to.

    It also ends by itself, without an error, when one of its connections breaks.
    """
    await sync_to_async(_rescue)()
    with_worker = app.with_connector(PsycopgConnector(kwargs=connector_params(), timeout=POOL_SECONDS))
    asked = asyncio.Event()
    if not until_idle:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with with_worker.open_async():
        working = asyncio.create_task(
            with_worker.run_worker_async(
                queues=["tongchou"],
                wait=not until_idle,
                concurrency=CONCURRENCY,
                delete_jobs="successful",
                install_signal_handlers=False,
                fetch_job_polling_interval=2.0,
                shutdown_graceful_timeout=20,
            )
        )
        waiting = asyncio.create_task(asked.wait())
        rescuing = asyncio.create_task(_rescue_again_and_again())
        try:
            await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
            if asked.is_set():
                running.stopping.set()
            working.cancel()  # asks it to finish what runs
            with suppress(asyncio.CancelledError):
                await working
            return until_idle or asked.is_set()
        finally:
            waiting.cancel()
            rescuing.cancel()
            # Procrastinate's clock asks through Django's connection, in the thread that belongs to this loop.
            await sync_to_async(connections.close_all)()


async def _rescue_again_and_again() -> None:
    while True:
        await asyncio.sleep(RESCUE_SECONDS)
        try:
            await sync_to_async(_rescue)()
        except (psycopg.OperationalError, OperationalError, InterfaceError) as error:
            log.warning("the database went away (%s)", type(error).__name__)


def _rescue() -> None:
    close_old_connections()
    try:
        running.rescue()
    finally:
        close_old_connections()
