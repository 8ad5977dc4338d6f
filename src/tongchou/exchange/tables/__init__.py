"""The field tables and code sets of the national interface, as data (``fields.tsv``, ``codes.tsv``).

Only what the tables say lives here; what is done with them is in ``exchange.checker`` (in) and ``exchange.shapes`` (out).
Decimals of a number are its wire scale: a field n16,2 is carried inside as an int of 1/100.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a node: wire name, Chinese caption, kind (text, number, date, datetime, serial, any)."""

    name: str
    caption: str
    kind: str
    length: int
    decimals: int
    required: bool
    code_set: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a transaction's input or output; ``many`` means an array of objects. Name "" is the output itself."""

    name: str
    many: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A value of a code set and its Chinese label."""

    value: str
    label: str


def _rows(name: str) -> Iterator[list[str]]:
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return (line.split("\t") for line in lines[1:])


@cache
def _all_nodes() -> dict[tuple[str, str], list[Node]]:
    grouped: dict[tuple[str, str], dict[tuple[str, bool], list[Field]]] = {}
    for transaction, direction, node, many, name, caption, kind, length, decimals, required, code_set in _rows(
        "fields.tsv"
    ):
        field = Field(name, caption, kind, int(length or 0), int(decimals), required == "1", code_set)
        grouped.setdefault((transaction, direction), {}).setdefault((node, many == "1"), []).append(field)
    return {
        key: [Node(name, many, tuple(fields)) for (name, many), fields in nodes.items()]
        for key, nodes in grouped.items()
    }


def input_nodes(transaction: str) -> list[Node]:
    """The nodes that a transaction takes; ``"envelope"`` gives the fields around the input."""
    return _all_nodes().get((transaction, "in"), [])


def output_nodes(transaction: str) -> list[Node]:
    """The nodes that a transaction answers with; empty when it answers ``{}``."""
    return _all_nodes().get((transaction, "out"), [])


@cache
def transactions() -> frozenset[str]:
    """Every transaction number in the tables."""
    return frozenset(transaction for transaction, _ in _all_nodes() if transaction != "envelope")


@cache
def code_sets() -> dict[str, tuple[Code, ...]]:
    """All code sets by name."""
    sets: dict[str, list[Code]] = {}
    for code_set, _, value, label in _rows("codes.tsv"):
        sets.setdefault(code_set, []).append(Code(value, label))
    return {name: tuple(codes) for name, codes in sets.items()}


@cache
def code_set_titles() -> dict[str, str]:
    """Chinese title of every code set."""
    return {code_set: title for code_set, title, _, _ in _rows("codes.tsv")}


@cache
def labels(code_set: str) -> dict[str, str]:
    """Value → Chinese label of one code set; empty for an unknown set."""
    return {code.value: code.label for code in code_sets().get(code_set, ())}
