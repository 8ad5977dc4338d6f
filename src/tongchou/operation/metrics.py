"""Figures for Prometheus. Each server process counts in files of its own, the scrape adds them up.

What the processes count is here; what the database knows (queue, day, backups, standbys) is asked at the scrape, by
``collector.py``. Nothing here carries a person, an institution or an amount.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable of the folder; it must be set before this module is imported to take effect."""
SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
SIZES = (1, 2, 4, 8, 16, 32, 64)

_log = logging.getLogger("tongchou.gateway")
_REQUESTS = Counter("tongchou_gateway_requests_total", "gateway messages", ["transaction", "outcome"])
_LATENCY = Histogram("tongchou_gateway_seconds", "time to answer", ["transaction"], buckets=SECONDS)
_BATCH = Histogram("tongchou_gateway_batch_size", "settlements per commit", buckets=SIZES)
_children: dict[tuple[str, str], tuple[Any, Any]] = {}
"""Label lookups are most of a count's cost, so they are done once per transaction and outcome."""
_KNOWN_LIMIT = 500


def answered(*, transaction: str, outcome: str, seconds: float) -> None:
    """Count one gateway message, and log it at level INFO.

    Args:
        transaction: its number, or ``-`` where it could not be read; only numbers of the interface, so few.
        outcome: ``ok``, the rejection's code, or ``bug``.
        seconds: from the first byte to the answer.
    """
    found = _children.get((transaction, outcome))
    if found is None:
        if len(_children) >= _KNOWN_LIMIT:  # a caller's nonsense must not fill the memory
            transaction, outcome = "-", "other"
        found = (_REQUESTS.labels(transaction, outcome), _LATENCY.labels(transaction))
        _children[transaction, outcome] = found
    found[0].inc()
    found[1].observe(seconds)
    if _log.isEnabledFor(logging.INFO):
        fields = {"transaction": transaction, "outcome": outcome, "ms": round(seconds * 1000, 1)}
        _log.info("answered", extra={"fields": fields})


def batched(size: int) -> None:
    """Count one batch of settlements that shared a commit."""
    _BATCH.observe(size)


def render(*extra: Any) -> bytes:
    """All figures in Prometheus' text format, with those of further collectors."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for metric in (_REQUESTS, _LATENCY, _BATCH):
            registry.register(metric)
    for collector in extra:
        registry.register(collector)
    return generate_latest(registry)


def prepare_folder(folder: Path) -> dict[str, str]:
    """Empty the folder of the counts of a former start; returns the environment for the server's processes."""
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob("*.db"):
        left_over.unlink()
    return {FOLDER: str(folder)}
