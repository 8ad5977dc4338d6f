"""Excel files out: one sheet, head row, widths. Amounts leave as exact numbers, text never as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from tongchou.control.api import current_actor

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MONEY = "#,##0.00"


def yuan_cell(fen: int | None) -> Decimal | None:
    """Fen as the exact yuan number that a cell shows."""
    return None if fen is None else Decimal(fen).scaleb(-2)


def workbook_bytes(title: str, head: Sequence[str], body: Iterable[Sequence[object]]) -> bytes:
    """An .xlsx file with one sheet. Decimals are shown as money, dates as dates, everything else as text or count.

    Who took it out, when, stands in the foot of each printed page and in the file's properties (水印).
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    who = current_actor()
    if who.operator:
        mark = f"{who.operator} {who.address} {timezone.localtime():%Y-%m-%d %H:%M:%S} 导出"
        sheet.oddFooter.center.text = mark.replace("&", "")
        book.properties.creator, book.properties.description = who.operator, mark
    sheet.freeze_panes = "A2"
    for number, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(number)].width = max(12, 2 * len(name) + 4)
    sheet.append([_head_cell(sheet, name) for name in head])
    for values in body:
        sheet.append([_cell(sheet, value) for value in values])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def download(content: bytes, filename: str) -> HttpResponse:
    """The file as an answer; its Chinese name in the form that browsers read."""
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f"attachment; filename=\"export.xlsx\"; filename*=UTF-8''{quote(filename)}"
    return response


def _head_cell(sheet: WriteOnlyWorksheet, name: str) -> Cell:
    cell = WriteOnlyCell(sheet, value=name)
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E3F0F0")
    cell.alignment = Alignment(vertical="center")
    return cell


def _cell(sheet: WriteOnlyWorksheet, value: Any) -> Cell:
    if isinstance(value, datetime):
        value = timezone.localtime(value).replace(tzinfo=None)
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, Decimal):
        cell.number_format = _MONEY
    elif isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell
