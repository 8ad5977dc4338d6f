"""Serial numbers of encounters, settlements and journals: given out by the process, unique over all processes.

Each process leases a node from the database (``settlement_lease_node``), two minutes at a time. Nothing is configured: any
number of server processes, commands and machines may work on one database, up to 256 at a time.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime

from django.db import connection

from tongchou.kernel.serials import Lease, SerialSource
from tongchou.settlement import rejections

LEASE_MS = 120_000

_source: SerialSource | None = None
_owner = 0


def next_id(now: datetime) -> int:
    """The next serial number. A forked child makes a source of its own.

    Raises:
        Rejection: SETL-004 all 256 nodes are leased.
    """
    global _source, _owner
    if _source is None or _owner != os.getpid():
        _owner = os.getpid()
        _source = SerialSource(_Leases())
    return _source.next(now_ms=int(now.timestamp() * 1000))


class _Leases:
    """The leases of one process, under a name that no other process has."""

    def __init__(self) -> None:
        self._holder = secrets.token_hex(16)

    def __call__(self, now_ms: int) -> Lease:
        # Not on the caller's connection: its transaction may roll back, and the lease with it. Nor from the pool: everybody
        # who holds one of its connections may be waiting for this very number.
        own = connection.copy()
        own.settings_dict["OPTIONS"].pop("pool", None)
        try:
            with own.cursor() as cursor:
                cursor.execute("SELECT * FROM settlement_lease_node(%s, %s, %s)", [self._holder, now_ms, LEASE_MS])
                row = cursor.fetchone()
        finally:
            own.close()
        if row is None:
            raise rejections.NO_NODE_FREE()
        return Lease(node=int(row[0]), from_ms=int(row[1]), until_ms=int(row[2]))
