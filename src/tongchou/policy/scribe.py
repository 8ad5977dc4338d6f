"""Writes single statements of a pack in Chinese: quantities, tables, conditions. The sections are in ``document``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tongchou.policy.expressions import Expression
from tongchou.policy.model import AccumulatorSpec, Adjustment, Condition, FactSpec, Pack, Place, Quantity, Table
from tongchou.policy.provisions import (
    NOT_GIVEN,
    Addresses,
    Block,
    Entry,
    Grid,
    Row,
    lone_name,
    lone_number,
    number_unit,
    number_words,
)
from tongchou.policy.vocabulary import COMPONENT_TITLES, STANDARD_FACTS
from tongchou.policy.wording import formula_in_words, in_words

WIDEST = 7
"""Columns of a table before its last heading goes down the side."""
_LAYER = re.compile(r"layer\.([a-z][a-z0-9_]*)\.([a-z_]+)")
_LAYER_VALUES = {"paid": "支付额", "deductible": "起付标准", "base": "计入费用"}
_RANGE = re.compile(r"(\d+)\.\.(\d*)")
PERIODS = {"visit": "每次", "month": "每月", "year": "每年度", "day": "每日", "life": "终身"}


class Scribe:
    """Words for one pack. ``titles`` are the names of the formula that is being written, if any."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.facts: dict[str, FactSpec] = {**STANDARD_FACTS, **pack.facts}
        self.counters: Mapping[str, AccumulatorSpec] = pack.accumulators
        self.layers = {layer.id: layer.title for entry in pack.benefits for layer in entry.layers}
        self.titles: dict[str, str] = {}
        self.addresses = Addresses()
        self.shown_tables: set[str] = set()

    # -- text ---------------------------------------------------------------------------------------------------------

    def expression(self, text: str) -> str:
        """An expression with the titles of its names."""

        def layer(match: re.Match[str]) -> str:
            title = self.layers.get(match.group(1), match.group(1))
            return f"{title}的{_LAYER_VALUES.get(match.group(2), match.group(2))}"

        text = _LAYER.sub(layer, text)
        if self.titles:
            return formula_in_words(text, self.titles)
        parts = {f"bill.{name}": part.title for name, part in self.pack.parts.items()}
        for name, title in parts.items():
            text = text.replace(name, title)
        return in_words(text, self.facts, self.counters)

    def condition(self, condition: Condition | None) -> str:
        """A condition in words; empty where there is none."""
        return self.expression(condition.text) if condition else ""

    def component(self, name: str) -> str:
        """The title of a burden component or of a part of the bill."""
        part = self.pack.parts.get(name)
        return part.title if part else COMPONENT_TITLES.get(name, name)

    def components(self, names: Sequence[str]) -> str:
        """Several of them."""
        return "、".join(self.component(name) for name in names)

    def counter(self, name: str) -> str:
        """The title of a counter with its name."""
        spec = self.counters.get(name)
        return f"{spec.title}（{name}）" if spec else name

    def amount(self, quantity: Quantity) -> str:
        """A quantity in one phrase, for within a sentence."""
        if quantity.unknown:
            return NOT_GIVEN
        if quantity.table is not None:
            cells = (f"{'、'.join(key)} {self.cell(text, quantity.unit)}" for key, text in quantity.table.cells.items())
            return "；".join(cells)
        return self.value(quantity.expression, quantity.text, quantity.unit)

    def value(self, expression: Expression | None, text: str, unit: str) -> str:
        """An expression: a lone number with its unit, anything else in words."""
        number = lone_number(expression)
        return self.expression(text) if number is None else number_words(number.value, number_unit(number, unit))

    def cell(self, cell: Expression | str, unit: str) -> str:
        """A cell without its text: for phrases only."""
        number = None if isinstance(cell, str) else lone_number(cell)
        if number is not None:
            return number_words(number.value, number_unit(number, unit))
        return NOT_GIVEN if isinstance(cell, str) else "按算式"

    # -- entries --------------------------------------------------------------------------------------------------------

    def say(self, address: str, path: tuple[str, ...], label: str, words: str, place: Place, detail: str = "") -> Entry:
        """A statement that is no number: who pays, what counts, a condition."""
        plain = replace(place, span=(0, 0))
        return Entry(self.addresses.give(address), path, label, words, plain, detail)

    def quantity(
        self, address: str, path: tuple[str, ...], label: str, quantity: Quantity, detail: str = ""
    ) -> list[Block]:
        """A number, an expression, a table, or what the document does not give."""
        if quantity.table is not None:
            return [self._grid(address, path, label, quantity.table, quantity.unit, detail)]
        name = lone_name(quantity)
        named = self.pack.tables.get(name)
        found = self._entry(
            address, path, label, quantity.expression or quantity.unknown, quantity.text, quantity, detail
        )
        if named is None or named.table is None:
            return [found]
        return [replace(found, words=f"见下表《{name}》"), *self.shared_table(name)]

    def shared_table(self, name: str) -> list[Block]:
        """A table of the pack's own, under one address wherever it is shown."""
        quantity = self.pack.tables[name]
        self.shown_tables.add(name)
        before, self.addresses = self.addresses, Addresses()
        titles, self.titles = self.titles, {}
        found = self.quantity(f"tables/{name}", (), name, quantity)
        self.addresses, self.titles = before, titles
        return found

    def _entry(
        self,
        address: str,
        path: tuple[str, ...],
        label: str,
        value: Expression | str,
        text: str,
        quantity: Quantity,
        detail: str,
    ) -> Entry:
        if isinstance(value, str):
            words, note, number, unit = NOT_GIVEN, value, None, quantity.unit
            text = "null"
        else:
            lone = lone_number(value)
            words, note = self.value(value, text, quantity.unit), ""
            number, unit = (lone.value, number_unit(lone, quantity.unit)) if lone else (None, quantity.unit)
        given = self.addresses.give(address)
        return Entry(given, path, label, words, quantity.place, detail, note, text, unit, number)

    def _grid(self, address: str, path: tuple[str, ...], label: str, table: Table, unit: str, detail: str) -> Grid:
        """One heading: a row; two: rows and columns; more: the first ones together down the side."""
        keys = list(table.cells)
        columns = list(dict.fromkeys(key[-1] for key in keys))
        sides = list(dict.fromkeys(key[:-1] for key in keys))
        down = len(table.by) == 1 and len(columns) > WIDEST

        def entry(key: tuple[str, ...]) -> Entry | None:
            if key not in table.cells:
                return None
            text, place = table.written.get(key, ("", table.place))
            spec = Quantity(unit, place)
            where = "、".join(self.heading_value(by, value) for by, value in zip(table.by, key, strict=True))
            cell_label = f"{label}（{where}）"
            return self._entry("/".join((address, *key)), path, cell_label, table.cells[key], text, spec, detail)

        last = table.by[-1]
        title = f"{label}（{detail}）" if detail else label
        if down:
            rows = tuple(Row(self.heading_value(last, key[0]), (entry(key),)) for key in keys)
            return Grid(title, self.heading(last), (label,), rows, table.place.citation)
        rows = tuple(
            Row("、".join(self.heading_value(by, value) for by, value in zip(table.by, side, strict=False)) or label,
                tuple(entry((*side, column)) for column in columns))
            for side in sides
        )  # fmt: skip
        corner = "、".join(self.heading(by) for by in table.by[:-1]) or self.heading(last)
        shown = tuple(self.heading_value(last, column) for column in columns)
        return Grid(title, corner, shown, rows, table.place.citation)

    def heading(self, name: str) -> str:
        """The title of a fact, counter or input by which a table is looked up."""
        if name in self.titles:
            return self.titles[name]
        known = self.facts.get(name) or self.counters.get(name)
        return known.title if known else name

    def heading_value(self, name: str, word: str) -> str:
        """A value in a table's head: ``0..1`` → 0至1, ``12..`` → 12及以上, ``else`` → 其余; yes and no with the fact's title."""
        if word == "else":
            return "其余"
        if word in ("是", "否"):
            title = self.heading(name)
            return title if word == "是" else f"非{title}"
        match = _RANGE.fullmatch(word)
        if match is None:
            return word
        return f"{match.group(1)} 至 {match.group(2)}" if match.group(2) else f"{match.group(1)} 及以上"

    def adjustment(self, address: str, path: tuple[str, ...], item: Adjustment) -> list[Block]:
        """``add: 10pp`` → 提高 10 个百分点, with its label and condition."""
        condition = self.condition(item.when)
        label = item.label if item.label and item.when and item.label != item.when.text else condition
        label = label or item.label or "一律"
        detail = condition if condition and condition != label else ""
        address = f"{address}/{item.label or (item.when.text if item.when else item.op)}"
        blocks = self.quantity(address, path, label, item.amount, detail)
        return [replace(block, words=_act(item.op, block)) if isinstance(block, Entry) else block for block in blocks]


_ACTS = {"times": "乘以 ", "set": "定为 ", "at_least": "不低于 ", "at_most": "不高于 "}


def _act(op: str, entry: Entry) -> str:
    if entry.unknown:
        return entry.words
    if op != "add":
        return _ACTS[op] + entry.words
    if entry.number is not None and entry.number < 0:
        return f"降低 {number_words(-entry.number, entry.unit)}"
    return f"提高 {entry.words}"
