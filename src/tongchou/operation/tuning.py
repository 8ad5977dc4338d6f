"""PostgreSQL settings by memory size: what a settlement load needs, as ``postgresql.conf`` lines."""

from __future__ import annotations

import re

from tongchou.operation.rejections import MEMORY_UNKNOWN

_UNITS = {"MB": 1, "GB": 1024, "TB": 1024 * 1024, "M": 1, "G": 1024, "T": 1024 * 1024}
CONNECTIONS = 200
LEAST_MB = 512


def megabytes(text: str) -> int:
    """An amount of memory (``24GB``) in megabytes.

    Raises:
        Rejection: OPER-032 it is none, or less than 512 MB.
    """
    found = re.fullmatch(r"\s*(\d+)\s*([MGT]B?)\s*", text.upper())
    amount = int(found[1]) * _UNITS[found[2]] if found else 0
    if amount < LEAST_MB:
        raise MEMORY_UNKNOWN(text=text)
    return amount


def settings_for(*, memory_mb: int, cpus: int) -> dict[str, str]:
    """Settings for a server that has this memory and these processors to itself.

    A quarter is PostgreSQL's own cache, the rest the operating system's; what every connection may take at once
    (``work_mem`` twice) stays within a quarter. Durability is never given up for speed.
    """
    shared = memory_mb // 4
    return {
        "max_connections": str(CONNECTIONS),
        "shared_buffers": _size(shared),
        "effective_cache_size": _size(memory_mb * 3 // 4),
        "work_mem": _size(max(4, min(256, memory_mb // 4 // (CONNECTIONS * 2)))),
        "maintenance_work_mem": _size(max(64, min(2048, memory_mb // 16))),
        "autovacuum_work_mem": _size(max(64, min(1024, memory_mb // 32))),
        "huge_pages": "try",
        "wal_buffers": "64MB" if shared >= 2048 else "16MB",
        "max_wal_size": _size(max(2048, min(32768, memory_mb // 2))),
        "min_wal_size": _size(max(512, min(4096, memory_mb // 8))),
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "wal_compression": "pglz",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_worker_processes": str(max(8, cpus)),
        "max_parallel_workers": str(cpus),
        "max_parallel_workers_per_gather": str(max(1, min(4, cpus // 2))),
        "random_page_cost": "1.1",
        "effective_io_concurrency": "32",
        "jit": "off",
        "autovacuum_vacuum_scale_factor": "0.02",
        "autovacuum_analyze_scale_factor": "0.02",
        "archive_mode": "on",
        "timezone": "'Asia/Shanghai'",
    }


def _size(amount_mb: int) -> str:
    return f"{amount_mb // 1024}GB" if amount_mb % 1024 == 0 else f"{amount_mb}MB"
