"""Reads benefits and their layers: base, deductible, bands, adjustments, caps, feeds."""

from __future__ import annotations

from collections.abc import Collection

from tongchou.policy.bands import read_bands
from tongchou.policy.model import (
    COMPONENTS,
    Adjustment,
    Benefit,
    Cap,
    Condition,
    Deductible,
    Feed,
    Layer,
    Move,
    NthRule,
    Quantity,
)
from tongchou.policy.nodes import Scalar, Seq, Tree
from tongchou.policy.reader import Cursor

OPERATIONS = ("add", "times", "set", "at_least", "at_most")


def read_benefit(item: Cursor, parts: Collection[str] = ()) -> Benefit:
    """A benefit: its names, the conditions to be met, what is moved beforehand, its layers."""
    requires = []
    for rule in item.children("requires"):
        because = rule.needed_text("because")
        condition = rule.condition("when", because)
        if condition is not None:
            requires.append(Condition(condition.expression, condition.text, rule.place, because))
        rule.done()
    benefit = Benefit(
        names=item.words("name"),
        requires=tuple(requires),
        layers=tuple(read_layer(layer, parts) for layer in item.children("layers")),
        uncovered_to=item.choice("uncovered_to", COMPONENTS, "uncovered"),
        place=item.place,
        moves=tuple(_move(move, parts) for move in item.children("moves")),
    )
    if not benefit.names:
        item.report("待遇没有名称", "请写name: 住院")
    item.text("title")
    item.done()
    return benefit


def _move(item: Cursor, parts: Collection[str]) -> Move:
    found = Move(
        title=item.needed_text("title"),
        of=item.choice("of", (*COMPONENTS, *parts), "in_scope"),
        to=item.choice("to", COMPONENTS, "prior_self_pay"),
        ratio=item.quantity("ratio", "率"),
        amount=item.quantity("amount", "元"),
        when=item.condition("when"),
        place=item.place,
    )
    if (found.ratio is None) == (found.amount is None):
        item.report("移动多少没有写明", "请写ratio(比例)或amount(金额)其中之一")
    item.done()
    return found


def read_layer(item: Cursor, parts: Collection[str] = ()) -> Layer:
    """A layer of one fund."""
    base = item.words("base")
    for name in base:
        if name not in COMPONENTS and name not in parts:
            known = "、".join((*COMPONENTS, *parts))
            item.report(f"不认识的费用成分“{name}”", f"可用：{known}", item.tree.get("base"))
    if not base:
        item.report("没有写计算基数", "请写base: [in_scope]")
    cumulate = item.child("cumulate")
    layer = Layer(
        id=item.needed_text("id"),
        title=item.needed_text("title"),
        fund=item.needed_text("pays_from"),
        base=base,
        when=item.condition("when"),
        cumulate_base=cumulate.needed_text("counts") if cumulate else "",
        cumulate_paid=cumulate.needed_text("paid") if cumulate else "",
        deductible=_deductible(item.child("deductible")),
        bands=read_bands(item),
        adjust=_adjustments(item, "率"),
        caps=tuple(_cap(cap) for cap in item.children("caps")),
        in_place="in_scope" not in base and not any(name in parts for name in base),
        rounding=item.choice("rounding", ("half_up", "trunc"), "half_up"),
        feeds=tuple(_feed(feed) for feed in item.children("feeds")),
        place=item.place,
        amount=item.quantity("amount", "元"),
    )
    if layer.amount is not None and (layer.bands.tiers or layer.adjust):
        item.report("既写了支付金额amount，又写了比例", "两者只写一个")
    _check_moves(item, layer)
    if cumulate is not None:
        cumulate.done()
    item.done()
    return layer


def _check_moves(item: Cursor, layer: Layer) -> None:
    """A limit hands on cost where the layer's bands say at which cost it is reached, and where it is known from which component."""
    handing = [cap for cap in layer.caps if cap.moves == "cost"]
    at = item.tree.get("caps")
    if handing and (layer.amount is not None or layer.cumulate_base):
        what = "amount" if layer.amount is not None else "cumulate"
        item.report(f"moves: cost的限额不能与{what}同用", "到达限额的费用要由bands折算；请删去moves", at)
    if not layer.in_place:
        return
    for cap in handing:
        if len(layer.base) != 1 or cap.rest_to in layer.base:
            message = f"“{cap.title}”不知道从哪个成分挪到哪个成分"
            remedy = "基数不含in_scope的层，moves: cost要求base只写一个成分，rest_to写另一个"
            item.report(message, remedy, at)


def _deductible(item: Cursor | None) -> Deductible | None:
    if item is None:
        return None
    if item.tree.get("by") is not None:
        item.report("起付标准的表格应写在amount之下", "请写deductible: {amount: {by: …}}")
    counts = item.text("counts")
    per = item.choice("per", ("visit", "month", "year", "day", "life"), "visit")
    if (per != "visit" or counts) and not counts.startswith(f"{per}."):
        item.report(*counts_without_period("起付标准", counts, per))
    found = Deductible(
        amount=item.needed_quantity("amount", "元"),
        counts=counts,
        adjust=_adjustments(item, "元"),
        nth=_nth(item.child("nth")),
        sum_caps=tuple(_cap(cap) for cap in item.children("sum_caps")),
        place=item.place,
        adjust_after_nth=_adjustments(item, "元", "adjust_after_nth"),
    )
    item.done()
    return found


def _nth(item: Cursor | None) -> NthRule | None:
    if item is None:
        return None
    node = item.get("factors")
    factors = _list(item, node, "率")
    found = NthRule(
        counts=item.needed_text("counts"),
        factors=factors,
        then=item.quantity("then", "元"),
        subtract=item.quantity("subtract", "元"),
        floor=item.quantity("floor", "元"),
        place=item.place,
        reduce=item.quantity("reduce", "率"),
        when=item.condition("when"),
    )
    if [bool(factors), found.subtract is not None, found.reduce is not None].count(True) != 1:
        item.report("第n次的规则应写factors、subtract、reduce其中之一", "例如factors: [100%, 50%, 0%]")
    item.done()
    return found


def _list(item: Cursor, node: Tree | None, unit: str) -> tuple[Quantity, ...]:
    if not isinstance(node, Seq):
        return ()
    return tuple(q for entry in node.items if (q := item.read_quantity(entry, unit, "factors")) is not None)


def _adjustments(item: Cursor, unit: str, key: str = "adjust") -> tuple[Adjustment, ...]:
    found = []
    for entry in item.children(key):
        operations = [op for op in OPERATIONS if entry.tree.get(op) is not None]
        if len(operations) != 1:
            entry.report("每条调整只写一个动作", f"请从{'、'.join(OPERATIONS)}中选一个")
            continue
        op = operations[0]
        amount = entry.needed_quantity(op, "率" if op == "times" else unit)
        when = entry.condition("when")
        label = entry.text("label") or (when.text if when else "")
        found.append(Adjustment(op, amount, when, label, entry.place))
        _check_points(entry, op, unit)
        entry.done()
    return tuple(found)


def _check_points(entry: Cursor, op: str, unit: str) -> None:
    """Points and percent are different words: what is added to a ratio must be ``pp``, what multiplies must not."""
    node = entry.tree.get(op)
    text = node.text if isinstance(node, Scalar) else ""
    if op == "add" and unit == "率" and "%" in text:
        entry.report("加到比例上的是百分点，不是百分比", "请写成10pp;如文件意为相对提高，请用times: 110%", node)
    if op != "add" and "pp" in text:
        entry.report(f"{op}后面应为百分比", "请写成%；百分点(pp)只用于add", node)


def counts_without_period(what: str, counts: str, per: str) -> tuple[str, str]:
    """Message and remedy where ``per`` and ``counts`` do not fit together."""
    period = counts.partition(".")[0]
    if not counts:
        return f"{what}按{per}计，但没有写counts", f"请写counts: {per}.…（先在accumulators中声明）"
    if per == "visit" and period in ("month", "year", "day", "life"):
        return f"{what}写了counts: {counts}，但没有写per，不写就是每次", f"请写per: {period}；每次的{what}不写counts"
    return f"{what}按{per}计，但counts写的是“{counts}”", f"请写counts: {per}.…,与per一致"


def _cap(item: Cursor) -> Cap:
    counts = item.text("counts")
    per = item.choice("per", ("visit", "month", "year", "day", "life"), "visit")
    if (per != "visit" or counts) and not counts.startswith(f"{per}."):
        item.report(*counts_without_period("限额", counts, per))
    found = Cap(
        on=item.choice("on", ("cost", "payment", "deductible"), "payment"),
        amount=item.needed_quantity("amount", "元"),
        counts=counts,
        rest_to=item.choice("rest_to", COMPONENTS, "over_cap"),
        title=item.text("title") or "限额",
        place=item.place,
        when=item.condition("when"),
        acknowledged=item.text("acknowledged"),
        note=item.text("note"),
        moves=item.choice("moves", ("payment", "cost"), "payment"),
    )
    if found.moves == "cost" and found.on != "payment":
        item.report(
            f"on: {found.on}的限额不写moves", "moves: cost只写在支付限额(on: payment)上；费用限额本来就挪走费用"
        )
    if found.acknowledged and not found.note:
        item.report("确认了原文的问题，但没有说明", "请写note说明原文如何规定")
    item.done()
    return found


def _feed(item: Cursor) -> Feed:
    found = Feed(
        to=item.needed_text("to"),
        what=item.choice("what", ("base", "paid", "deductible", "one"), "base"),
        when=item.condition("when"),
        place=item.place,
        times=item.quantity("times", "个"),
    )
    item.done()
    return found
