"""Writes a small pack around one layer, so that a test shows the shape and nothing else."""

from __future__ import annotations

from datetime import date
from textwrap import indent

from tongchou.policy import Bill, Outcome, Plan, PolicyBook
from tongchou.policy.checker import check_book
from tongchou.policy.nodes import Map, parse_yaml

DAY = date(2024, 6, 1)

FRAME = """
pack: fragment
title: 片段
source: {{title: 片段}}
version: {{from: 2020-01-01}}
funds: {{"310100": 统筹基金, "330100": 大额}}
{extra}
benefits:
  - name: 住院
    cite: 一
    layers:
{layers}
"""

LAYER = """
- id: pool
  title: 统筹基金
  pays_from: "310100"
  base: [in_scope]
  cite: 一
"""


def book_of(rest: str, extra: str = "", more: str = "") -> PolicyBook:
    """A checked book of one pack: ``rest`` continues the first layer, ``more`` are further layers, ``extra`` sections."""
    layers = LAYER + indent(rest.strip("\n"), "  ") + "\n" + more
    text = FRAME.format(extra=extra, layers=indent(layers, "      "))
    tree = parse_yaml(text, "fragment.yaml")
    assert isinstance(tree, Map)
    book = PolicyBook([tree])
    errors = [finding.text() for finding in check_book(book) if finding.severity == "error"]
    assert errors == []
    return book


def plan_of(rest: str, extra: str = "", more: str = "") -> Plan:
    """The plan of :func:`book_of`."""
    return book_of(rest, extra, more).plan_of(["fragment"], benefit="住院", on=DAY)


class Person:
    """Somebody whose counters are carried from visit to visit."""

    def __init__(self, plan: Plan, **counters: int) -> None:
        self.plan = plan
        self.counters: dict[str, int] = {}
        self.last: Outcome

    def visit(self, yuan: int | str, **facts: object) -> int:
        """A visit with eligible cost in yuan; returns what the first layer paid, in fen."""
        from tongchou.kernel.money import parse_yuan

        named = {name.replace("__", "."): value for name, value in facts.items()}
        self.last = self.plan.trace(named, Bill(in_scope=int(parse_yuan(yuan))), self.counters)
        for name, delta in self.last.accumulator_delta.items():
            self.counters[name] = self.counters.get(name, 0) + delta
        return self.last.payments[0].amount

    def new_month(self) -> None:
        """Monthly counters start again."""
        self.counters = {name: value for name, value in self.counters.items() if not name.startswith("month.")}
