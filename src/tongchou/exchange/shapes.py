"""Fits outgoing values to the field tables: every field of a node is present, in the table's order, empties as the
interface wants them (section 1.3: an empty number is 0, anything else empty is "").

Values come as one dict per row, possibly with more fields than the node has; amounts as Decimals (exact text on the wire).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tongchou.exchange import tables
from tongchou.exchange.checker import TIME_ZONE

PROSE = ("名称", "姓名", "说明", "结果", "备注", "描述", "过程信息", "诊断信息", "联系", "电话")
Shape = Callable[[Mapping[str, Any]], dict[str, Any]]


def node(transaction: str, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """One object of a transaction's answer."""
    return _SHAPES[transaction, name](values)


def nodes(transaction: str, name: str, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An array of objects of a transaction's answer."""
    shape = _SHAPES[transaction, name]
    return [shape(row) for row in rows]


@lru_cache(maxsize=16_384)  # most amounts of an answer are 0 or come several times
def yuan(fen: int) -> Decimal:
    """Fen as a JSON number with two decimals: 1230 → 12.30."""
    return Decimal(fen).scaleb(-2)


@lru_cache(maxsize=16_384)
def scaled(value: int, decimals: int) -> Decimal:
    """A scaled integer as a JSON number with its decimals: quantities (4), prices (6), ratios (4)."""
    return Decimal(value).scaleb(-decimals)


def day(value: date | None) -> str:
    """A date as yyyy-MM-dd, empty when there is none."""
    return value.isoformat() if value else ""


def moment(value: datetime | None) -> str:
    """A time as yyyy-MM-dd HH:mm:ss in the centre's time zone, empty when there is none."""
    return value.astimezone(TIME_ZONE).strftime("%Y-%m-%d %H:%M:%S") if value else ""


def _empty(field: tables.Field) -> object:
    return scaled(0, field.decimals) if field.kind in ("number", "serial") else ""


def _is_prose(field: tables.Field) -> bool:
    """Names and remarks may be longer inside than on the wire and are cut; codes and numbers never are."""
    return any(word in field.caption for word in PROSE)


def _shape(table: tables.Node) -> Shape:
    defaults = [(field.name, _empty(field)) for field in table.fields]
    limits = [(field.name, field.length) for field in table.fields if field.kind == "text" and _is_prose(field)]

    def fit(values: Mapping[str, Any]) -> dict[str, Any]:
        get = values.get
        fitted: dict[str, Any] = {
            name: default if (value := get(name)) is None else value for name, default in defaults
        }
        for name, limit in limits:
            if len(fitted[name]) > limit:
                fitted[name] = fitted[name][:limit]
        return fitted

    return fit


_SHAPES = {
    (transaction, table.name): _shape(table)
    for transaction in tables.transactions()
    for table in tables.output_nodes(transaction)
}
