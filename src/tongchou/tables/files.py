"""Reading Excel and CSV files into text cells, writing templates."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from tongchou.tables import core, rejections, sheet_reader
from tongchou.tables.core import Column, Record, Report, RowError

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 500_000
READ_SECONDS = 180


def read_table(*, content: bytes, filename: str, columns: Sequence[Column]) -> tuple[list[Record], list[RowError]]:
    """Read an uploaded table.

    Args:
        filename: its ending says what it is: .csv, or a workbook whose first sheet is taken.

    Raises:
        Rejection: TABL-001 unreadable, TABL-002 columns missing, TABL-003 empty, TABL-004 too large,
            TABL-005 a workbook that unpacks to more than can be read.
    """
    if len(content) > MAX_BYTES:
        raise rejections.TOO_LARGE(limit=f"{MAX_BYTES // 1024 // 1024} MB")
    rows = _csv_rows(content, filename) if filename.lower().endswith(".csv") else _sheet_rows(content, filename)
    numbered = [(number, cells) for number, cells in enumerate(rows, start=1) if any(cell.strip() for cell in cells)]
    if len(numbered) > MAX_ROWS:
        raise rejections.TOO_LARGE(limit=f"{MAX_ROWS} 行")
    if not numbered:
        raise rejections.EMPTY()
    header, *data = numbered
    missing = core.missing_columns(header[1], columns)
    if missing:
        raise rejections.MISSING_COLUMNS(columns="、".join(missing))
    if not data:
        raise rejections.EMPTY()
    return core.read_records(header[1], data, columns)


def import_table(
    *,
    content: bytes,
    filename: str,
    columns: Sequence[Column],
    write: Callable[[list[Record]], Report],
) -> Report:
    """Read a table and hand it to ``write`` only if every cell is right: all or nothing.

    Raises:
        Rejection: those of :func:`read_table`.
    """
    records, errors = read_table(content=content, filename=filename, columns=columns)
    if errors:
        return Report(rows=len(records), errors=tuple(errors))
    return write(records)


def template(*, columns: Sequence[Column], title: str) -> bytes:
    """An Excel workbook with the header, notes on each column and a line of examples, to be filled in."""
    return workbook(columns=columns, title=title, rows=[[column.example for column in columns]])


def workbook(*, columns: Sequence[Column], title: str, rows: Iterable[Sequence[str]]) -> bytes:
    """An Excel workbook of text cells under the columns' header, in a form that the import of these columns reads."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = title[:31]
    for place, column in enumerate(columns, start=1):
        head = sheet.cell(1, place, column.title)
        head.font = Font(bold=True, color="C00000" if column.required else "000000")
        head.fill = PatternFill("solid", fgColor="E8EEF4")
        head.comment = Comment(("必填。" if column.required else "可空。") + column.note, "统筹")
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(10, 2 * len(column.title) + 4, len(column.example) + 4)
        sheet.column_dimensions[letter].number_format = "@"
    for number, row in enumerate(rows, start=2):
        for place, text in enumerate(row, start=1):
            cell = sheet.cell(number, place, text)
            cell.number_format = "@"
            cell.data_type = "s"  # what begins with = is text here, never a formula
    sheet.freeze_panes = "A2"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _csv_rows(content: bytes, filename: str) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):  # Excel in Chinese saves CSV as GB 18030
        try:
            decoded = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            return list(islice(csv.reader(io.StringIO(decoded, newline="")), MAX_ROWS + 2))
        except csv.Error as error:
            raise rejections.UNREADABLE(filename=filename, problem=error) from error
    raise rejections.UNREADABLE(filename=filename, problem="编码既不是 UTF-8 也不是 GB 18030")


def _sheet_rows(content: bytes, filename: str) -> list[list[str]]:
    """Rows of the first sheet, read by a child process: what a hostile workbook breaks is not the server."""
    command = [sys.executable, "-m", "tongchou.tables.sheet_reader", str(MAX_ROWS + 2)]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "RUST_BACKTRACE": "0"}
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, env=environment, timeout=READ_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise rejections.TOO_HEAVY(filename=filename) from error
    if done.returncode == sheet_reader.UNREADABLE:
        raise rejections.UNREADABLE(filename=filename, problem=done.stderr.decode("utf-8", "replace"))
    if done.returncode != 0:
        raise rejections.TOO_HEAVY(filename=filename)
    return [json.loads(line) for line in done.stdout.splitlines()]
