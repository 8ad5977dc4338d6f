"""Reads the bands of a layer, and writes out those that a document gives by a rule (each further 100,000 adds 5 points)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tongchou.policy.expressions import Number
from tongchou.policy.model import Bands, Quantity, Tier
from tongchou.policy.nodes import Map
from tongchou.policy.reader import Cursor

MOST_BANDS = 40


def read_bands(item: Cursor) -> Bands:
    """``bands`` is a list of tiers, or a mapping with ``measure``, ``counts``, ``whole_amount`` and ``tiers``."""
    node = item.get("bands")
    if isinstance(node, Map):
        block = Cursor(node, item.findings, item.cite, item.document)
        tiers = block.children("tiers")
        measure = block.choice("measure", ("above_deductible", "gross", "payment"), "above_deductible")
        counts, whole = block.text("counts"), block.flag("whole_amount")
        if whole and measure == "payment":
            block.report("按支付额分段时不能整额套档", "请删去whole_amount或measure")
        block.done()
        place = block.place
    else:
        tiers, measure, counts, whole, place = item.children("bands"), "above_deductible", "", False, item.place
    if not tiers and item.tree.get("amount") is None:
        item.report("没有写报销比例", "请写bands: [{ratio: 60%}]")
    return Bands(measure, counts, whole, _tiers(tiers), place, _rule(tiers))


def _rule(items: list[Cursor]) -> tuple[Quantity, Quantity, Quantity] | None:
    """What a last band says that goes on by a rule: width, step, highest ratio."""
    if not items or items[-1].tree.get("every") is None:
        return None
    item = Cursor(items[-1].tree, [], items[-1].cite, items[-1].document)  # its findings are collected with the tiers
    return item.needed_quantity("every", "元"), item.needed_quantity("add", "率"), item.needed_quantity("up_to", "率")


def _tiers(items: list[Cursor]) -> tuple[Tier, ...]:
    """The tiers as written; a last one with ``every`` is written out."""
    if not items or items[-1].tree.get("every") is None:
        return tuple(_tier(item, last=item is items[-1]) for item in items)
    written = [_tier(item, last=False) for item in items[:-1]]
    return (*written, *_generated(items[-1], written))


def _tier(item: Cursor, *, last: bool) -> Tier:
    upto = item.quantity("to", "元")
    if (item.tree.get("to") is None) != last:  # one that is written wrongly is said already
        item.report("只有最后一段不写上限to", "请给前面各段写to,最后一段不写")
    tier = Tier(upto, item.needed_quantity("ratio", "率"), item.flag("fixed"))
    item.done()
    return tier


def _generated(item: Cursor, written: list[Tier]) -> list[Tier]:
    """``{every: 100000, add: 5pp, up_to: 80%}``: further bands of that width, each so many points more, up to a ratio."""
    width, step = item.needed_quantity("every", "元"), item.needed_quantity("add", "率")
    highest = item.needed_quantity("up_to", "率")
    fixed = item.flag("fixed")
    item.done()
    if not written:
        item.report("every之前没有写明的一段", "请先写一段{to: 金额, ratio: 比例}")
        return [Tier(None, highest, fixed)]
    before = written[-1]
    numbers = [_literal(q) for q in (before.upto, before.ratio, width, step, highest)]
    edge, ratio, by, add, most = (number or Fraction(0) for number in numbers)
    if None in numbers or by <= 0 or add <= 0 or most < ratio or most - ratio > MOST_BANDS * add:
        item.report("无法按规律写出各段", "前一段和every、add、up_to都应是写明的数字，且逐段提高")
        return [Tier(None, highest, fixed)]
    found = []
    while ratio + add < most:
        edge, ratio = edge + by, ratio + add
        found.append(Tier(_number(width, edge, "元"), _number(highest, ratio, "%"), fixed))
    return [*found, Tier(None, highest, fixed)]


def _literal(quantity: Quantity | None) -> Fraction | None:
    expression = quantity.expression if quantity else None
    return expression.value if isinstance(expression, Number) else None


def _number(model: Quantity, value: Fraction, unit: str) -> Quantity:
    shown = value * 100 if unit == "%" else value
    return replace(model, text=f"{shown}{unit if unit == '%' else ''}", expression=Number(value, unit))
