"""What a version says, statement by statement: the parts of the document-like view, and what two versions are compared by.

An entry has an address that is the same in every version (``benefits/住院/pool/deductible/amount/本市/一级``), its words in
Chinese, the article it cites, and where it is written, so that a draft can change it there and a simulation can put
another number in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from tongchou.kernel.money import format_yuan_grouped
from tongchou.policy.expressions import Expression, Name, Number, Operation
from tongchou.policy.model import Place, Quantity

NOT_GIVEN = "文件未给出"


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement. ``words`` says it, ``detail`` what goes with it; ``raw`` is the text as written, at ``place.span``.

    ``number`` is its value (yuan, a ratio, a count) where it is a lone number of ``unit`` 元, 率, 点 or 个.
    """

    address: str
    path: tuple[str, ...]
    label: str
    words: str
    place: Place
    detail: str = ""
    note: str = ""
    raw: str = ""
    unit: str = ""
    number: Fraction | None = None

    @property
    def unknown(self) -> bool:
        """Whether the document does not give this number."""
        return self.words == NOT_GIVEN

    @property
    def editable(self) -> bool:
        """Whether a draft may write another value in its place."""
        return self.place.span != (0, 0)

    @property
    def full_label(self) -> str:
        """The headings above it and its own name, for where it stands alone."""
        return " · ".join((*self.path, self.label))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    title: str
    cells: tuple[Entry | None, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of the document: numbers by the values of facts."""

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    citation: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its statements and tables, and the sections below it."""

    title: str
    citation: str = ""
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()


Block: TypeAlias = Entry | Grid


@dataclass(frozen=True, slots=True)
class Document:
    """A version as a document: what people read, print and compare."""

    title: str
    sections: tuple[Section, ...] = ()

    def entries(self) -> dict[str, Entry]:
        """Every statement by its address, in the order of the document; what is shown twice counts once."""
        found: dict[str, Entry] = {}
        for section in self.sections:
            for entry in _entries(section):
                found.setdefault(entry.address, entry)
        return found


def _entries(section: Section) -> Iterator[Entry]:
    for block in section.blocks:
        if isinstance(block, Entry):
            yield block
        else:
            yield from (cell for row in block.rows for cell in row.cells if cell is not None)
    for inner in section.sections:
        yield from _entries(inner)


@dataclass
class Addresses:
    """Gives each statement an address of its own."""

    taken: dict[str, int] = field(default_factory=dict)

    def give(self, address: str) -> str:
        """The address, with ``#2`` where it is used already (two adjustments of one name)."""
        count = self.taken[address] = self.taken.get(address, 0) + 1
        return address if count == 1 else f"{address}#{count}"


def lone_number(quantity: Quantity | Expression | None) -> Number | None:
    """The number, if it is nothing but one (a sign before it counts as part of it)."""
    found = quantity.expression if isinstance(quantity, Quantity) else quantity
    if isinstance(found, Number):
        return found
    if isinstance(found, Operation) and found.op == "neg" and isinstance(found.args[0], Number):
        return Number(-found.args[0].value, found.args[0].unit)
    return None


def lone_name(quantity: Quantity) -> str:
    """The name, if the quantity is nothing but one (a table, a counter)."""
    return quantity.expression.text if isinstance(quantity.expression, Name) else ""


def number_unit(number: Number, unit: str) -> str:
    """What a lone number counts: 元, 率, 点 (percentage points) or 个."""
    if number.unit == "pp":
        return "点"
    return {"元": "元", "%": "率"}.get(number.unit, "数" if unit == "数" else "个")


def number_words(value: Fraction, unit: str) -> str:
    """``28000`` yuan → 28,000 元; 13/20 → 65%; 1/10 points → 10 个百分点; a count or a decimal as it is."""
    if unit == "元":
        shown = format_yuan_grouped(int(value * 100)) if (value * 100).denominator == 1 else decimal_words(value)
        return f"{shown.removesuffix('.00')} 元"
    if unit == "点":
        return f"{decimal_words(value * 100)} 个百分点"
    return f"{decimal_words(value * 100)}%" if unit == "率" else decimal_words(value)


def decimal_words(value: Fraction) -> str:
    """A decimal in full, a fraction that has none as ``1/3``."""
    scaled = value
    for places in range(12):
        if scaled.denominator == 1:
            whole, digits = divmod(abs(scaled.numerator), 10**places)
            text = f"{whole}.{digits:0{places}d}" if places else str(whole)
            return f"-{text}" if value < 0 else text
        scaled *= 10
    return str(value)
