"""Charts as numbers for SVG: where each column stands and how high it is, in whole units of the picture. Made on the server, so
they print, need no script and ask no other host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 12, 26
STEPS = (1, 2, 5)
MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its class, place, size, and what it says when pointed at."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    said: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A column chart. ``zero`` is the height of the base line."""

    title: str
    columns: tuple[Column, ...]
    below: tuple[Label, ...]
    ticks: tuple[Label, ...]
    zero: int
    legend: tuple[tuple[str, str], ...]
    unit: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def column_chart(
    title: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, str, Sequence[int]]],
    *,
    money: bool,
) -> Chart:
    """Columns side by side for each label.

    Args:
        series: class, name and values (fen or counts) of each; values below zero hang down from the base line.
        money: the values are fen.
    """
    values = [value for _, _, numbers in series for value in numbers]
    high, low = max([*values, 0]), min([*values, 0])
    step = _step(max(high - low, 1))
    top, bottom = -(-high // step) * step, low // step * step
    unit, scale = _unit(step) if money else ("", 1)
    room = HEIGHT - TOP - BOTTOM

    def height(value: int) -> int:
        return TOP + (top - value) * room // max(top - bottom, 1)

    slot = (WIDTH - LEFT - RIGHT) // max(len(labels), 1)
    width = max(2, min(34, slot * 7 // 10 // max(len(series), 1)))
    columns = []
    for place in range(len(labels)):
        first = LEFT + place * slot + (slot - width * len(series)) // 2
        for number, (kind, name, numbers) in enumerate(series):
            value = numbers[place]
            y, base = height(max(value, 0)), height(min(value, 0))
            said = f"{labels[place]} {name}：{_said(value, money=money)}"
            columns.append(
                Column(kind, first + number * width, y, max(1, width - 1), max(base - y, 1 if value else 0), said)
            )
    below = [Label(LEFT + place * slot + slot // 2, HEIGHT - BOTTOM + 17, text) for place, text in enumerate(labels)]
    ticks = [Label(LEFT - 6, height(mark), _mark(mark, scale)) for mark in range(bottom, top + 1, step)]
    return Chart(
        title,
        tuple(columns),
        tuple(below),
        tuple(ticks),
        height(0),
        tuple((kind, name) for kind, name, _ in series),
        unit,
    )


def _step(span: int) -> int:
    """The smallest of 1, 2, 5, 10, 20 … that needs at most :data:`MOST_TICKS` ticks."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * MOST_TICKS >= span:
                return step * power
        power *= 10


def _unit(step: int) -> tuple[str, int]:
    """The unit of the ticks: 元, 万元 or 亿元, and how many fen it has."""
    for unit, scale in (("亿元", 10**10), ("万元", 10**6)):
        if step >= scale // 10:
            return unit, scale
    return "元", 100


def _mark(mark: int, scale: int) -> str:
    whole, rest = divmod(abs(mark), scale)
    digits = f"{rest * 100 // scale:02d}".rstrip("0")
    return f"{'−' if mark < 0 else ''}{whole:,}{'.' + digits if digits else ''}"


def _said(value: int, *, money: bool) -> str:
    if not money:
        return f"{value:,}"
    return f"{'−' if value < 0 else ''}{abs(value) // 100:,}.{abs(value) % 100:02d} 元"
