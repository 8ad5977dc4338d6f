"""Typed columns and the reading of rows, pure. A wrong cell is an error with row, column, message and remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

Cell = str
Parser = Callable[[str], object]

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?|(\d{4})(\d{2})(\d{2})")
_FLAGS = {"1": True, "是": True, "Y": True, "√": True, "0": False, "否": False, "N": False, "": False}


class CellProblem(ValueError):
    """What is wrong with a cell and what to do, both in Chinese."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: the header people see, the name in our records, how a cell is read."""

    name: str
    title: str
    parse: Parser
    required: bool = False
    note: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong: row as the file numbers it (the header is row 1), the column's title, message and remedy."""

    row: int
    column: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"第 {self.row} 行“{self.column}”：{self.message}。{self.remedy}"


@dataclass(frozen=True, slots=True)
class Record:
    """The typed values of a row by column name."""

    row: int
    values: Mapping[str, object]

    def __getitem__(self, name: str) -> object:
        return self.values[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import did. With errors nothing was written."""

    rows: int
    created: int = 0
    updated: int = 0
    errors: tuple[RowError, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything was written."""
        return not self.errors


def missing_columns(header: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Titles of required columns that the header lacks."""
    present = {title.strip() for title in header}
    return [column.title for column in columns if column.required and column.title not in present]


def read_records(
    header: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]], columns: Sequence[Column]
) -> tuple[list[Record], list[RowError]]:
    """Read all rows; every wrong cell is reported, not only the first.

    Args:
        header: titles in the file's order; columns that nobody declared are ignored.
        rows: number of the row in the file and its cells.
    """
    places = {title.strip(): place for place, title in enumerate(header)}
    records: list[Record] = []
    errors: list[RowError] = []
    for number, cells in rows:
        values: dict[str, object] = {}
        for column in columns:
            place = places.get(column.title)
            cell = cells[place].strip() if place is not None and place < len(cells) else ""
            try:
                values[column.name] = _value(column, cell)
            except CellProblem as problem:
                errors.append(RowError(number, column.title, problem.message, problem.remedy))
        records.append(Record(number, values))
    return records, errors


def repeated(records: Sequence[Record], names: Sequence[str], title: str) -> list[RowError]:
    """Errors for records that repeat the key of an earlier one."""
    first: dict[tuple[object, ...], int] = {}
    errors: list[RowError] = []
    for record in records:
        key = tuple(record.values.get(name) for name in names)
        if key in first:
            errors.append(RowError(record.row, title, f"与第 {first[key]} 行重复", "请删除重复的行"))
        else:
            first[key] = record.row
    return errors


def _value(column: Column, cell: str) -> object:
    if not cell and column.required:
        raise CellProblem("不能为空", "请填写" + (f"，例如 {column.example}" if column.example else ""))
    return column.parse(cell)


def text(longest: int) -> Parser:
    """Any text up to so many characters."""

    def parse(cell: str) -> object:
        if len(cell) > longest:
            raise CellProblem(f"超过 {longest} 个字符", f"请缩短到 {longest} 个字符以内")
        return cell

    return parse


def choice(options: Mapping[str, str], default: str | None = None) -> Parser:
    """One of a code set, by code or by Chinese label; gives the code."""
    by_label = {label: code for code, label in options.items()}

    def parse(cell: str) -> object:
        if not cell and default is not None:
            return default
        if cell in options:
            return cell
        if cell in by_label:
            return by_label[cell]
        padded = cell.zfill(2)
        if padded in options:  # Excel drops the leading zero of codes
            return padded
        shown = "、".join(f"{code} {label}" for code, label in options.items())
        raise CellProblem(f"“{cell}”不在代码表中", f"请填写：{shown}")

    return parse


def flag(cell: str) -> object:
    """Yes or no: 是/否, 1/0, Y/N; empty is no."""
    value = _FLAGS.get(cell.upper())
    if value is None:
        raise CellProblem(f"“{cell}”不是是/否", "请填写“是”或“否”")
    return value


def day(cell: str) -> object:
    """A date in the usual spellings; ``None`` when empty."""
    if not cell:
        return None
    match = _DAY.fullmatch(cell)
    if match is None:
        raise CellProblem(f"“{cell}”不是日期", "请按 2026-01-31 的形式填写")
    year, month, day_of_month = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day_of_month)
    except ValueError as error:
        raise CellProblem(f"没有 {cell} 这一天", "请更正日期") from error


def last_day(cell: str) -> object:
    """A last day in force, as people write it; gives the first day after it (our periods are half-open)."""
    value = day(cell)
    return value + timedelta(days=1) if isinstance(value, date) and not isinstance(value, datetime) else None


def ratio(cell: str) -> object:
    """A ratio as ``10%`` or ``0.1``; gives 1/10,000, ``None`` when empty."""
    if not cell:
        return None
    scale, body = (100, cell[:-1]) if cell.endswith("%") else (10_000, cell)
    value = _whole(body, scale, "比例", "请填写 0 到 100% 之间、精确到万分之一的比例，例如 10% 或 0.1")
    if not 0 <= value <= 10_000:
        raise CellProblem(f"比例 {cell} 超出 0 到 100%", "请更正比例")
    return value


def price(cell: str) -> object:
    """A price in yuan with up to six decimals; gives 1/1,000,000 yuan, ``None`` when empty."""
    if not cell:
        return None
    value = _whole(cell.replace(",", ""), 1_000_000, "价格", "请填写元，最多六位小数，例如 12.5")
    if value <= 0:
        raise CellProblem(f"价格 {cell} 应大于零", "请更正价格；没有限价的请留空")
    return value


def _whole(body: str, scale: int, what: str, remedy: str) -> int:
    try:
        scaled = Decimal(body) * scale
    except InvalidOperation as error:
        raise CellProblem(f"“{body}”不是{what}", remedy) from error
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise CellProblem(f"{what}“{body}”精度过高", remedy)
    return int(scaled)
