"""Fits outgoing values to the field tables: every field of a node is present, in the table's order, empties as the
interface wants them (section 1.3: an empty number is 0, anything else empty is "").

Values come as one dict per row, possibly with more fields than the node has; amounts as Decimals (exact text on the wire).
What every settlement's answer holds by the dozen is written by functions compiled from the same tables (:func:`writer`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import msgspec

from tongchou.exchange import tables
from tongchou.exchange.checker import TIME_ZONE
from tongchou.kernel.money import format_yuan

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


@lru_cache(maxsize=65_536)
def yuan_text(fen: int) -> str:
    """As :func:`yuan`, the JSON text itself."""
    return format_yuan(fen)


@lru_cache(maxsize=65_536)
def scaled_text(value: int, decimals: int) -> str:
    """As :func:`scaled`, the JSON text itself."""
    digits = f"{abs(value):0{decimals + 1}d}"
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


@lru_cache(maxsize=16_384)
def quoted(value: str | None) -> str:
    """A text as JSON; nothing is the empty text."""
    return _encode(value or "").decode()


_encode = msgspec.json.Encoder().encode


def day(value: date | None) -> str:
    """A date as yyyy-MM-dd, empty when there is none."""
    return value.isoformat() if value else ""


def moment(value: datetime | None) -> str:
    """A time as yyyy-MM-dd HH:mm:ss in the centre's time zone, empty when there is none."""
    return value.astimezone(TIME_ZONE).replace(tzinfo=None).isoformat(" ", "seconds") if value else ""


def local_day(value: datetime) -> date:
    """The day of a time in the centre's time zone."""
    return value.astimezone(TIME_ZONE).date()


def _empty(field: tables.Field) -> object:
    return scaled(0, field.decimals) if field.kind in ("number", "serial") else ""


def _is_prose(field: tables.Field) -> bool:
    """Names and remarks may be longer inside than on the wire and are cut; codes and numbers never are."""
    return any(word in field.caption for word in PROSE)


def writer(
    transaction: str, name: str, parameters: str, values: Mapping[str, str], names: Mapping[str, object]
) -> Callable[..., str]:
    """A function that writes one object of a transaction's answer as JSON text: every field of the table, in its order.

    Args:
        parameters: those of the function, for example ``line``.
        values: field → expression over the parameters: the text of a text field (cut and quoted here), the JSON text or
            int of a number. Fields without one are empty; what the node does not have is left out.
        names: what the expressions may call.
    """
    table = next(each for each in tables.output_nodes(transaction) if each.name == name)
    members, expressions = [], []
    for field in table.fields:
        value = values.get(field.name)
        number = field.kind in ("number", "serial")
        if value is None:
            members.append(f'"{field.name}":{str(_empty(field)) if number else quoted("")}')
        else:
            cut = f"[:{field.length}]" if field.kind == "text" and _is_prose(field) else ""
            members.append(f'"{field.name}":%s')
            expressions.append(value if number else f"quoted(({value}){cut})")
    template = "{" + ",".join(members) + "}"
    source = f"lambda {parameters}: {template!r} % ({', '.join(expressions)},)"
    return cast("Callable[..., str]", eval(source, {**names, "quoted": quoted}))  # noqa: S307 - our own tables


def array(objects: Iterable[str]) -> msgspec.Raw:
    """Written objects as the array of an answer."""
    return msgspec.Raw(f"[{','.join(objects)}]".encode())


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
