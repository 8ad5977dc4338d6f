"""Reads the first sheet of a workbook in a process of its own: ``python -m tongchou.tables.sheet_reader NROWS < file``.

A workbook of a few kilobytes can ask for half a terabyte of cells or unpack to gigabytes, and then the reader aborts its
whole process. So that this process is not the server, it is a child with limits on memory and time (Linux and other
systems with ``resource``). It writes one JSON array of texts a line; what is wrong with the file goes to stderr, exit code 3.
"""

from __future__ import annotations

import io
import json
import math
import sys
from datetime import date, datetime, time

MEMORY_BYTES = 3 * 1024**3
"""Address space: half a million rows of forty columns need about two gigabytes."""
CPU_SECONDS = 120
TEXT_CHARACTERS = 256 * 1024**2
UNREADABLE, TOO_HEAVY = 3, 4
WIDEST = 1_000
"""Columns; no table of ours has a tenth of that."""


def main(most_rows: int) -> int:
    """Read stdin, write rows to stdout."""
    _limit()
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0)
        if sheet.total_width > WIDEST:
            return _refuse(f"超过 {WIDEST} 列")
        rows = sheet.to_python(skip_empty_area=False, nrows=most_rows)
    except (CalamineError, IndexError, ValueError, OSError) as error:
        return _refuse(str(error))
    written = 0
    for row in rows:
        line = json.dumps([_cell_text(cell) for cell in row], ensure_ascii=False) + "\n"
        written += len(line)
        if written > TEXT_CHARACTERS:
            return TOO_HEAVY
        sys.stdout.write(line)
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(why)
    return UNREADABLE


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not every system has limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _cell_text(cell: object) -> str:
    """A cell as people see it. Excel keeps every number as a binary fraction; its shortest decimal form is what was typed."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if math.isfinite(cell) and cell == int(cell) else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time(0):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
