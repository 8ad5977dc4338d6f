"""Helpers that read typed values out of a located YAML tree and collect findings instead of stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from tongchou.policy.expressions import Expression, ExpressionError, Number, Operation, parse_expression
from tongchou.policy.findings import Finding
from tongchou.policy.model import Condition, Place, Quantity, Table
from tongchou.policy.nodes import Map, Scalar, Seq, Tree

STEP_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
FACT_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
COUNTER_NAME = re.compile(r"[a-z]+\.[a-z][a-z0-9_]*(?::[0-9]+)?")
META_KEYS = {"cite", "note", "acknowledged", "title"}


def _slip(key: str) -> str:
    """What most likely happened where a key stands without a value."""
    if key.isdigit():
        return "数字里不写千分位的逗号，如10000;"
    if "：" in key:
        return "键后面的冒号应为半角的“:”，后面空一格;"
    word, colon, value = key.partition(":")
    if colon and value:
        return f"冒号后面要空一格，写成“{word}: {value}”;"
    return "如果是文字里的逗号，请给整段文字加引号;"


def _no_value(node: Map) -> tuple[str, str]:
    """A mapping that stands for a number and has neither ``value`` nor ``by``: most likely a table without its head."""
    cells = [key for key in node.entries if key not in ("cite", "note", "unit")]
    if cells:
        return (
            f"表格没有写表头by(格子：{'、'.join(cells)})",
            "请写{by: visit.level, 一级: 200, …}，表头是决定用哪一格的事实",
        )
    return "缺少“value”", "请补上value"


class Cursor:
    """A mapping being read: remembers which keys were asked for, so that a misspelt key is found."""

    def __init__(self, tree: Map, findings: list[Finding], cite: str = "", document: str = "") -> None:
        self.tree = tree
        self.findings = findings
        self.document = document
        own = tree.get("cite")
        self.cite = own.text if isinstance(own, Scalar) else cite
        self.used: set[str] = {"cite", "note"}

    @property
    def place(self) -> Place:
        """File, line and article of this mapping."""
        return self.place_of(self.tree)

    def place_of(self, node: Tree) -> Place:
        """The place of one value of this mapping."""
        span = node.span if isinstance(node, Scalar) else (0, 0)
        return Place(node.file, node.line, self.cite, self.document, span)

    def report(self, message: str, remedy: str, at: Tree | None = None) -> None:
        """Add a finding, at this mapping or at one of its values."""
        node = at or self.tree
        self.findings.append(Finding(node.file, node.line, self.cite, message, remedy))

    def get(self, key: str) -> Tree | None:
        """The raw value of a key, marked as read."""
        self.used.add(key)
        return self.tree.get(key)

    def need(self, key: str) -> Tree | None:
        """The raw value of a key; a finding where it is absent."""
        node = self.get(key)
        if node is None:
            self.report(f"缺少“{key}”", f"请补上{key}")
        return node

    def text(self, key: str, default: str = "") -> str:
        """A line of text."""
        node = self.get(key)
        if node is None:
            return default
        if isinstance(node, Scalar):
            return "" if node.is_null else node.text
        self.report(f"“{key}”应为文字", "请写成一行文字", node)
        return default

    def needed_text(self, key: str) -> str:
        """A line of text; a finding where it is absent."""
        return self.text(key) if self.need(key) is not None else ""

    def choice(self, key: str, allowed: Iterable[str], default: str) -> str:
        """One word out of a few."""
        value = self.text(key, default)
        if value not in tuple(allowed):
            self.report(f"“{key}: {value}”不认识", f"可用的写法：{'、'.join(allowed)}", self.tree.get(key))
            return default
        return value

    def check_name(self, name: str, pattern: re.Pattern[str], example: str) -> str:
        """A name that expressions may use; a finding and a harmless name where it is not one."""
        if pattern.fullmatch(name):
            return name
        self.report(f"名称“{name}”不合写法", f"请用小写英文字母，如{example}")
        return "unnamed"

    def flag(self, key: str) -> bool:
        """``true`` or ``false``; absent is false."""
        return self.choice(key, ("true", "false"), "false") == "true"

    def words(self, key: str) -> tuple[str, ...]:
        """A list of words; a single word counts as a list of one."""
        node = self.get(key)
        items = node.items if isinstance(node, Seq) else (node,) if node is not None else ()
        if not all(isinstance(item, Scalar) for item in items):
            self.report(f"“{key}”应为词语的列表", "请写成[甲, 乙]", node)
        return tuple(item.text for item in items if isinstance(item, Scalar) and not item.is_null)

    def day(self, key: str) -> date | None:
        """A date in ISO form."""
        text = self.text(key)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.report(f"“{key}: {text}”不是日期", "请写成2023-04-10的形式", self.tree.get(key))
            return None

    def child(self, key: str) -> Cursor | None:
        """The mapping under a key."""
        node = self.get(key)
        return self.enter(node, key)

    def enter(self, node: Tree | None, what: str) -> Cursor | None:
        """A cursor on a node that must be a mapping."""
        if node is None:
            return None
        if not isinstance(node, Map):
            self.report(f"“{what}”应为“键: 值”的形式", "请参照语言手册书写", node)
            return None
        return Cursor(node, self.findings, self.cite, self.document)

    def children(self, key: str) -> list[Cursor]:
        """The mappings of a list (a single mapping counts as a list of one)."""
        node = self.get(key)
        items = node.items if isinstance(node, Seq) else (node,) if node is not None else ()
        return [cursor for item in items if (cursor := self.enter(item, key)) is not None]

    def named(self, key: str) -> list[tuple[str, Tree]]:
        """The entries of a mapping."""
        inner = self.child(key)
        return [] if inner is None else [(k, v) for k, v in inner.tree.entries.items() if k not in ("cite", "note")]

    def done(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self.tree.entries:
            if key not in self.used:
                node = self.tree.entries[key]
                hint = _slip(key) if isinstance(node, Scalar) and node.is_null else ""
                remedy = f"{hint}请改正或删除；此处可用：{'、'.join(sorted(self.used))}"
                self.report(f"不认识的键“{key}”", remedy, node)

    # -- values of the language ---------------------------------------------------------------------------------

    def expression(self, node: Tree, what: str) -> Expression | None:
        """A parsed expression."""
        if not isinstance(node, Scalar) or node.is_null:
            self.report(f"“{what}”应为表达式", "请写成一行表达式", node)
            return None
        try:
            return parse_expression(node.text)
        except ExpressionError as error:
            self.report(str(error), "请改正表达式", node)
            return None

    def condition(self, key: str, because: str = "") -> Condition | None:
        """A condition under a key."""
        node = self.get(key)
        if node is None:
            return None
        parsed = self.expression(node, key)
        if parsed is None or not isinstance(node, Scalar):
            return None
        return Condition(parsed, node.text, self.place_of(node), because)

    def quantity(self, key: str, unit: str) -> Quantity | None:
        """A number of the document under a key (see :meth:`read_quantity`)."""
        node = self.get(key)
        return None if node is None else self.read_quantity(node, unit, key)

    def needed_quantity(self, key: str, unit: str) -> Quantity:
        """As :meth:`quantity`; a finding where it is absent."""
        node = self.need(key)
        found = None if node is None else self.read_quantity(node, unit, key)
        return found or Quantity(unit, self.place, unknown="未写")

    def read_quantity(self, node: Tree, unit: str, what: str) -> Quantity | None:
        """A number, an expression, a table (``by``), ``{value: …}`` or ``null`` with a note beside it."""
        if isinstance(node, Map):
            inner = Cursor(node, self.findings, self.cite, self.document)
            inner.used.add("unit")
            if node.get("by") is not None:
                return Quantity(unit, inner.place, text=what, table=inner.table(unit))
            value = inner.get("value")
            if value is None:
                inner.report(*_no_value(node))
                return None
            found = inner.read_quantity(value, unit, what)
            inner.done()
            return found
        place = self.place_of(node)
        if isinstance(node, Scalar) and node.is_null:
            return Quantity(unit, place, unknown=self.note(node))
        parsed = self.expression(node, what)
        if parsed is None or not isinstance(node, Scalar):
            return None
        return Quantity(unit, place, text=node.text, expression=self.with_unit(parsed, unit, node))

    def note(self, node: Tree) -> str:
        """The note that says why a number is unknown."""
        own = self.tree.get("note")
        if isinstance(own, Scalar):
            return own.text
        self.report("未知的数字(null)没有说明", "请在旁边写note,说明文件缺什么", node)
        return "文件未给出数字"

    def with_unit(self, parsed: Expression, unit: str, node: Tree) -> Expression:
        """A lone number takes the unit of its place: ``28000`` is yuan; a ratio must say ``%`` or ``pp``."""
        sign, number = (-1, parsed.args[0]) if isinstance(parsed, Operation) and parsed.op == "neg" else (1, parsed)
        if not isinstance(number, Number) or number.unit:
            return parsed
        if unit == "率" and number.value != 0:
            self.report("比例没有单位", "请写明百分比(如65%)或个百分点(如10pp)", node)
            return Number(sign * Fraction(number.value, 100), "%")
        fitting = {"元": "元", "率": "%"}.get(unit, "")
        return Number(sign * number.value, fitting)

    def table(self, unit: str) -> Table:
        """A table: ``by`` names the facts, the other keys nest their values in that order."""
        by = self.words("by")
        table = Table(by, {}, self.place)
        for key, node in self.tree.entries.items():
            if key not in ("by", *META_KEYS, "unit"):
                self._cells(node, by, (), key, unit, table)
        return table

    def _cells(
        self,
        node: Tree,
        by: tuple[str, ...],
        path: tuple[str, ...],
        key: str,
        unit: str,
        table: Table,
    ) -> None:
        if isinstance(node, Scalar) and node.is_null and not node.text and ":" in key:
            self.report(f"“{key}”的冒号后面没有空格", f"请写成“{key.replace(':', ': ', 1)}”", node)
            key, _, value = key.partition(":")  # read as it was meant, so that the cell is not said to be absent, too
            node = Scalar(node.file, node.line, value, False, node.span)
        for word in key.split("、"):
            here = (*path, word)
            if word == "else" and (not isinstance(node, Map) or node.get("value") is not None):
                self._cell(
                    node, (*here, *("else",) * (len(by) - len(here))), unit, table
                )  # one number for all the rest
            elif len(here) < len(by):
                if not isinstance(node, Map):
                    remedy = f"表头是{'、'.join(by)}；一个数管全部时写{word}: {{else: 数}}"
                    self.report(f"表格在“{'/'.join(here)}”处少一层", remedy, node)
                    return
                for inner_key, inner in node.entries.items():
                    if inner_key not in META_KEYS:
                        self._cells(inner, by, here, inner_key, unit, table)
            else:
                self._cell(node, here, unit, table)

    def _cell(self, node: Tree, here: tuple[str, ...], unit: str, table: Table) -> None:
        """One cell: an expression, ``null`` with a note, or ``{value: …, cite: …}`` with an article of its own."""
        holder, value = self.value_of(node, "/".join(here))
        if here in table.written:
            self.report(f"表格的“{'/'.join(here)}”写了两次", "每一格只写一次", node)
        elif isinstance(value, Scalar) and value.is_null:
            table.cells[here] = holder.note(value)
            table.written[here] = ("null", holder.place_of(value))
        elif value is not None:
            parsed = holder.expression(value, "/".join(here))
            if parsed is not None and isinstance(value, Scalar):
                table.cells[here] = holder.with_unit(parsed, unit, value)
                table.written[here] = (value.text, holder.place_of(value))

    def value_of(self, node: Tree, what: str) -> tuple[Cursor, Tree | None]:
        """The value itself and the mapping that cites its article: ``{value: 800, cite: …}``, or the plain value here."""
        if not isinstance(node, Map) or node.get("value") is None:
            return self, node
        inner = Cursor(node, self.findings, self.cite, self.document)
        value = inner.need("value")
        inner.done()
        return inner, value
