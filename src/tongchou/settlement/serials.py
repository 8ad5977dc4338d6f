"""Serial numbers of encounters, settlements and journals: given out by the process, unique over all processes."""

from __future__ import annotations

import os
from datetime import datetime

from tongchou.kernel.serials import SerialSource

_source: SerialSource | None = None
_owner = 0


def next_id(now: datetime) -> int:
    """The next serial number.

    The node is ``TONGCHOU_NODE`` (0…255), or the process id modulo 256. A forked child makes a source of its own.
    """
    global _source, _owner
    if _source is None or _owner != os.getpid():
        _owner = os.getpid()
        _source = SerialSource(int(os.environ.get("TONGCHOU_NODE") or _owner % 256))
    return _source.next(now_ms=int(now.timestamp() * 1000))
