"""Checks the fields of an incoming message against the tables, and turns them into plain values.

One checker per transaction is compiled from ``exchange.tables`` when this module is imported; nothing is written per
transaction. What comes out: text as ``str``, numbers as ``int`` scaled by the decimals of the field (n16,2 → fen,
n16,4 → 1/10,000, n16,6 → 1/1,000,000), serial numbers as ``int``, dates as ``date``, times as ``datetime`` in the centre's time
zone. What was left out, ``""`` and the literal ``"null"`` come out as ``None``. No number passes through a float: the
decoder hands over JSON numbers with a point as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from tongchou.exchange import rejections, tables
from tongchou.kernel.rejection import RejectionKind

TIME_ZONE = ZoneInfo("Asia/Shanghai")
MAX_ROWS = 5000
"""Rows of one node; a longer bill is uploaded in parts."""
MAX_SERIAL_DIGITS = 15
REMEMBERED, LONGEST_REMEMBERED = 65_536, 24
"""Texts of numbers whose value is remembered, by kind of field: the same prices and quantities come all day."""
YEARS = range(1900, 3000)
ALIASES = {"exp_content": "expContent", "durg_trac_info": "drug_trac_info"}
"""Second spellings of fields and nodes seen from other vendors; upper case is understood everywhere."""
NODE_ALIASES = {"durg_trac_info": "drug_trac_info"}
OPTIONAL_NODES = frozenset({"durg_trac_info", "diseinfo"})
CONDITIONS = {"card_sn": ("mdtrt_cert_type", "03")}
"""A field that must be filled when another one has a certain value: the card's serial when a card was read."""

Parse = Callable[[Any], Any]


class _Wrong(Exception):
    """A field is not as the table says; the row adds where."""

    def __init__(self, kind: RejectionKind, **details: object) -> None:
        self.kind = kind
        self.details = details


class _NodePlan(NamedTuple):
    node: tables.Node
    fill: Callable[[Callable[[str], Any], dict[str, Any]], None]
    """Puts the checked values of a row into a dict, field by field in the table's order, until one is wrong."""
    aliases: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[str, str, str], ...]
    names: dict[str, str]
    """Lower-case spelling → name, for messages with other capitals."""
    captions: dict[str, str]


def check_envelope(values: dict[str, Any]) -> dict[str, Any]:
    """Check the fields around ``input`` (interface section 1.1).

    Raises:
        Rejection: EXCH-010 … EXCH-017.
    """
    return _row(values, _ENVELOPE, "")


def check_input(transaction: str, values: dict[str, Any]) -> dict[str, Any]:
    """Check the nodes of an input.

    Args:
        transaction: a transaction number of the tables.
        values: the decoded ``input``, numbers with a point as text.

    Returns:
        Node name → dict of checked values, or a list of them where the table has an array.

    Raises:
        Rejection: EXCH-010 … EXCH-021.
    """
    checked: dict[str, Any] = {}
    for plan in _PLANS[transaction]:
        raw = _find_node(values, plan.node.name)
        if raw is None:
            if plan.node.name not in OPTIONAL_NODES:
                raise rejections.NODE_MISSING(node=plan.node.name, field=plan.node.name)
            checked[plan.node.name] = [] if plan.node.many else None
        elif plan.node.many:
            checked[plan.node.name] = _rows(raw, plan)
        else:
            checked[plan.node.name] = _row(_single(raw, plan.node.name), plan, plan.node.name + " ")
    return checked


def _find_node(values: dict[str, Any], name: str) -> Any:
    found = values.get(name)
    if found is None:
        wanted = {name.lower(), NODE_ALIASES.get(name, name)}
        found = next((value for key, value in values.items() if key.lower() in wanted and value is not None), None)
    return found


def _single(raw: Any, name: str) -> dict[str, Any]:
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    if not isinstance(raw, dict):
        raise rejections.NODE_SHAPE(node=name, expected="一个对象", field=name)
    return raw


def _rows(raw: Any, plan: _NodePlan) -> list[dict[str, Any]]:
    name = plan.node.name
    rows = [raw] if isinstance(raw, dict) else raw
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise rejections.NODE_SHAPE(node=name, expected="对象数组", field=name)
    if len(rows) > MAX_ROWS:
        raise rejections.TOO_MANY_ROWS(node=name, count=len(rows), limit=MAX_ROWS, field=name)
    return [_row(row, plan, f"{name} 第 {number} 行 ") for number, row in enumerate(rows, 1)]


def _row(row: dict[str, Any], plan: _NodePlan, where: str) -> dict[str, Any]:
    """Check one object."""
    for name, alias in plan.aliases:
        if alias in row and row.get(name) is None:
            row = {**row, name: row[alias]}
    checked: dict[str, Any] = {}
    name = ""
    try:
        plan.fill(row.get, checked)
        for name, other, wanted in plan.conditions:
            if checked[name] is None and checked[other] == wanted:
                raise _Wrong(rejections.MISSING)
    except _Wrong as wrong:
        name = next((each.name for each in plan.node.fields if each.name not in checked), name)
        renamed = _other_capitals(row, plan) if wrong.kind is rejections.MISSING else row
        if renamed is not row:
            return _row(renamed, plan, where)
        details = {"where": where, "name": name, "caption": plan.captions[name], **wrong.details}
        raise wrong.kind(field=name, **details) from None
    return checked


def _other_capitals(row: dict[str, Any], plan: _NodePlan) -> dict[str, Any]:
    """The row under the table's spelling, or the row itself when its spelling is not the trouble."""
    if all(plan.names.get(key.lower(), key) == key for key in row):
        return row
    return {plan.names.get(key.lower(), key): value for key, value in row.items()}


# --- the kinds of fields ---------------------------------------------------------------------------------------------


def _shown(value: Any) -> str:
    return str(value)[:30]


def _text(limit: int) -> Parse:
    def parse(value: Any) -> str:
        if type(value) is not str and type(value) is not int:
            raise _Wrong(rejections.WRONG_TYPE, expected="字符串")
        text = str(value)
        if len(text) > limit:
            raise _Wrong(rejections.TOO_LONG, length=len(text), limit=limit)
        return text

    return parse


def _code(code_set: str, limit: int) -> Parse:
    text = _text(limit)
    values = [code.value for code in tables.code_sets()[code_set]]
    canonical = {value: value for value in values}
    for value in values:  # 1 and 01 are the same code to most vendors
        for variant in (value.lstrip("0"), value.zfill(2)):
            canonical.setdefault(variant, value)

    def parse(value: Any) -> str:
        found = canonical.get(value) if type(value) is str else canonical.get(text(value))
        if found is None:
            raise _Wrong(rejections.WRONG_CODE, value=_shown(value), code_set=code_set)
        return found

    return parse


def _number(digits: int, decimals: int) -> Parse:
    scale, limit = 10**decimals, 10 ** (digits or 16)

    def of_text(value: str) -> int:
        whole, _, fraction = value.partition(".")
        body = whole[1:] if whole[:1] in ("-", "+") else whole
        if len(fraction) <= decimals and body.isdigit() and value.isascii() and (not fraction or fraction.isdigit()):
            scaled = int(body + fraction.ljust(decimals, "0"))
            return within(-scaled if whole[0] == "-" else scaled, value)
        return within(_unusual_number(value, decimals), value)

    def within(scaled: int, value: object) -> int:
        if not -limit < scaled < limit:
            raise _Wrong(rejections.NUMBER_TOO_BIG, value=_shown(value), digits=digits)
        return scaled

    remembered = lru_cache(maxsize=REMEMBERED)(of_text)

    def parse(value: Any) -> int:
        if type(value) is str:
            return remembered(value) if len(value) <= LONGEST_REMEMBERED else of_text(value)
        if type(value) is int:
            return within(value * scale, value)
        raise _Wrong(rejections.WRONG_TYPE, expected="数值")

    return parse


def _unusual_number(value: str, decimals: int) -> int:
    """A number with an exponent (``1.0E7``), blanks around it, or zeros beyond its decimals."""
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not value.isascii() or "_" in value or not number.is_finite() or len(value) > 60:
        raise _Wrong(rejections.WRONG_NUMBER, value=_shown(value))
    if number and not -30 < number.adjusted() < 30:
        raise _Wrong(rejections.NUMBER_TOO_BIG, value=_shown(value), digits=16)
    scaled = number.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise _Wrong(rejections.NUMBER_TOO_FINE, value=_shown(value), decimals=decimals)
    return int(scaled)


def _serial(value: Any) -> int:
    text = str(value) if type(value) is int else value
    if type(text) is not str or len(text) > MAX_SERIAL_DIGITS or not (number := _serial_of(text)):
        raise _Wrong(rejections.WRONG_SERIAL, value=_shown(value))
    return number


@lru_cache(maxsize=REMEMBERED)
def _serial_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _date(value: Any) -> date:
    return _datetime_of(value, "日期").date()


def _datetime(value: Any) -> datetime:
    return _datetime_of(value, "日期时间")


def _datetime_of(value: Any, expected: str) -> datetime:
    try:
        if type(value) is not str or len(value) not in (10, 19) or value[4] != "-":
            raise ValueError
        return _moment(value)
    except ValueError:
        raise _Wrong(rejections.WRONG_DATE, value=_shown(value), expected=expected) from None


@lru_cache(maxsize=1024)  # the lines of one bill mostly have one time
def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.year not in YEARS:
        raise ValueError
    return moment.replace(tzinfo=TIME_ZONE)


def _anything(value: Any) -> Any:
    return value


# --- compilation ------------------------------------------------------------------------------------------------------


def _parse_of(field: tables.Field) -> Parse:
    if field.code_set:
        return _code(field.code_set, field.length)
    if field.kind == "number":
        return _number(field.length, field.decimals)
    simple: dict[str, Parse] = {"serial": _serial, "date": _date, "datetime": _datetime, "any": _anything}
    return simple.get(field.kind) or _text(field.length)


def _fill(fields: Sequence[tables.Field]) -> Callable[[Callable[[str], Any], dict[str, Any]], None]:
    """The checks of a node's fields, written out one after the other: the hot path of the gateway, without a loop."""
    lines = ["def fill(get, checked):"]
    names: dict[str, Any] = {"Wrong": _Wrong, "MISSING": rejections.MISSING}
    for number, field in enumerate(fields):
        names[f"parse{number}"] = _parse_of(field)
        plain = field.kind == "text" and not field.code_set and field.length
        left_out = "raise Wrong(MISSING)" if field.required else f"checked[{field.name!r}] = None"
        lines += [
            f" v = get({field.name!r})",
            ' if v is None or v == "" or v == "null":',
            f"  {left_out}",
            *(
                [f" elif type(v) is str and len(v) <= {field.length}:", f"  checked[{field.name!r}] = v"]
                if plain
                else []
            ),
            f" else: checked[{field.name!r}] = parse{number}(v)",
        ]
    exec("\n".join(lines), names)  # noqa: S102 - made of our own tables
    return cast("Callable[[Callable[[str], Any], dict[str, Any]], None]", names["fill"])


def _plan(node: tables.Node) -> _NodePlan:
    names = {field.name for field in node.fields}
    aliases = tuple((name, alias) for name, alias in ALIASES.items() if name in names)
    conditions = tuple(
        (name, other, wanted) for name, (other, wanted) in CONDITIONS.items() if name in names and other in names
    )
    captions = {field.name: field.caption for field in node.fields}
    return _NodePlan(node, _fill(node.fields), aliases, conditions, {name.lower(): name for name in names}, captions)


def _plans(nodes: Iterable[tables.Node]) -> tuple[_NodePlan, ...]:
    return tuple(_plan(node) for node in nodes)


_ENVELOPE = _plan(tables.input_nodes("envelope")[0])
_PLANS = {transaction: _plans(tables.input_nodes(transaction)) for transaction in tables.transactions()}
