"""The files of 3202: ZIP with one TAB-separated UTF-8 TXT, literal ``null`` for empty (interface section 3.2)."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from tongchou.exchange import rejections
from tongchou.kernel.money import format_yuan, parse_yuan

COLUMNS, NEWER_COLUMNS = 7, 8
"""The newer edition's upload has a column more; its refund flag is the last one there too, or the one before it."""
UNPACKED_LIMIT = 64 * 1024 * 1024
NULL = "null"
FLAGS = ("0", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedRow:
    """A settlement as the institution has it; amounts in fen."""

    settlement: str
    encounter: str
    person: str
    total: int
    fund_pay: int
    account_pay: int
    refund: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """A row of the answer; amounts in fen. Settlement and encounter are empty where only the centre has it."""

    person: str
    encounter: str
    settlement: str
    message_id: str
    result: str
    refund: bool
    memo: str
    total: int
    fund_pay: int
    account_pay: int


def read_upload(content: bytes, *, number: str) -> tuple[list[UploadedRow], bool]:
    """The rows of an upload, and whether it is in the newer form.

    Raises:
        Rejection: EXCH-051 not a ZIP with one TXT, EXCH-052 a row is wrong.
    """
    lines = [line for line in _text(content, number).split("\n") if line.strip()]
    columns = {line.rstrip("\r").count("\t") + 1 for line in lines}
    newer = columns == {NEWER_COLUMNS}
    return [_row(line.rstrip("\r").split("\t"), row) for row, line in enumerate(lines, 1)], newer


def write_result(rows: Iterable[ResultRow]) -> bytes:
    """The ten-column result as a ZIP."""
    text = "".join("\t".join(_columns(row)) + "\n" for row in rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("result.txt", text)
    return packed.getvalue()


def _text(content: bytes, number: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [each for each in archive.infolist() if not each.is_dir()]
            if len(files) != 1 or files[0].file_size > UNPACKED_LIMIT:
                raise rejections.FILE_NOT_ZIP(number=number)
            with archive.open(files[0]) as file:
                unpacked = file.read(UNPACKED_LIMIT + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error):
        raise rejections.FILE_NOT_ZIP(number=number) from None
    if len(unpacked) > UNPACKED_LIMIT:
        raise rejections.FILE_NOT_ZIP(number=number)
    try:
        return unpacked.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = unpacked.count(b"\n", 0, error.start) + 1
        raise rejections.FILE_ROW(row=row, reason="不是 UTF-8 编码") from None


def _row(cells: list[str], row: int) -> UploadedRow:
    if len(cells) not in (COLUMNS, NEWER_COLUMNS):
        raise rejections.FILE_ROW(row=row, reason=f"有 {len(cells)} 列,应为 {COLUMNS} 列")
    values = ["" if cell.strip() in ("", NULL) else cell.strip() for cell in cells]
    flags = [value for value in values[6:] if value in FLAGS]
    total, fund_pay, account_pay = (_amount(value, row) for value in values[3:6])
    if not flags:
        raise rejections.FILE_ROW(row=row, reason="退费结算标志应为 0 或 1")
    if "\x00" in "".join(values):
        raise rejections.NUL_CHARACTER()
    return UploadedRow(
        settlement=values[0],
        encounter=values[1],
        person=values[2],
        total=total,
        fund_pay=fund_pay,
        account_pay=account_pay,
        refund=flags[-1] == "1",
    )


def _amount(value: str, row: int) -> int:
    try:
        return parse_yuan(value or "0")
    except ValueError:
        raise rejections.FILE_ROW(row=row, reason=f"金额 {value[:20]} 应为元,最多两位小数") from None


def _columns(row: ResultRow) -> tuple[str, ...]:
    amounts = (format_yuan(each) for each in (row.total, row.fund_pay, row.account_pay))
    texts = (
        row.person,
        row.encounter,
        row.settlement,
        row.message_id,
        row.result,
        "1" if row.refund else "0",
        row.memo,
    )
    return (*(text or NULL for text in texts), *amounts)
