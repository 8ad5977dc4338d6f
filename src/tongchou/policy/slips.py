"""Slips of the pen in one pack that every part by itself would accept: a negative limit, points where percent belong, a
benefit written twice, a layer that waits for what nobody hands on, a counter of visits that is fed with money.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from tongchou.policy.book import Version
from tongchou.policy.expressions import Expression, Name, Number, Operation
from tongchou.policy.findings import Finding
from tongchou.policy.model import (
    Adjustment,
    Cap,
    Deductible,
    Layer,
    Pack,
    Place,
    Quantity,
)
from tongchou.policy.nodes import Map, Scalar, Tree, walk

STANDARD_BENEFITS = ("住院", "普通门诊", "药店购药", "门诊特殊病", "门诊慢性病", "门诊大病", "儿童意外门诊", "生育")
"""Benefits that packs of other documents may have: a pack of accounts or exclusions may name them."""
HANDED_ON = ("deductible", "copay", "over_cap", "uncovered")
"""Components that hold nothing before a layer, a move or an account puts something there."""


def slips(version: Version, benefits: Collection[str]) -> Iterator[Finding]:
    """Every slip of one version; ``benefits`` are the benefits of all packs that are read together with it."""
    pack = version.pack
    yield from _head(pack)
    yield from _branches(version)
    yield from _amounts(pack)
    yield from _twice(pack)
    yield from _starved(pack)
    yield from _counters(pack)
    yield from _benefit_names(pack, {*benefits, *STANDARD_BENEFITS})


def _at(place: Place, message: str, remedy: str, severity: str = "error") -> Finding:
    return Finding(place.file, place.line, place.cite, message, remedy, severity)


def _head(pack: Pack) -> Iterator[Finding]:
    """The version's days, the language, and articles that are left blank."""
    version = pack.tree.get("version") or pack.tree
    if pack.until is not None and pack.until < pack.start:
        message = f"版本到{pack.until}为止，早于生效的{pack.start}"
        yield Finding(pack.file, version.line, "", message, "请核对version.from和until")
    language = pack.tree.get("language")
    if isinstance(language, Scalar) and language.text != "1":
        message = f"政策语言没有第{language.text}版"
        yield Finding(pack.file, language.line, "", message, "请写language: 1")
    for node in walk(pack.tree):
        cite = node.get("cite") if isinstance(node, Map) else None
        if isinstance(cite, Scalar) and not cite.text.strip():
            yield Finding(pack.file, cite.line, "", "cite是空的", "请写条款，例如cite: 第三条；没有条款号的写段落或页")


def _branches(version: Version) -> Iterator[Finding]:
    """``by_reading`` with a branch for a reading that the ambiguity does not have."""
    readings = {entry.id: entry.readings for entry in version.ambiguities}
    for node in walk(version.tree):
        switch = node.get("by_reading") if isinstance(node, Map) else None
        if isinstance(node, Map) and isinstance(switch, Scalar) and switch.text in readings:
            known = readings[switch.text]
            for key in node.entries.keys() - {"by_reading", "cite", "note", *known}:
                message = f"{switch.text}没有理解“{key}”"
                yield Finding(node.file, node.line, "", message, f"请改正；readings中有：{'、'.join(known)}")


# -- numbers ----------------------------------------------------------------------------------------------------------


def _layers(pack: Pack) -> Iterator[Layer]:
    for entry in pack.benefits:
        yield from entry.layers


def _amounts(pack: Pack) -> Iterator[Finding]:
    """Written numbers: none below nought but what is added, and no points where a ratio is meant."""
    for quantity in _with_tables(_plain(pack), pack):
        for text, number, place in _written(quantity):
            if _is_negative(number):
                what = "比例" if quantity.unit == "率" else "金额"
                yield _at(place, f"{what}“{text}”是负数", "请与文件核对；要减少的写在adjust的add里")
            if quantity.unit == "率" and "pp" in text:
                yield _at(place, f"“{text}”是百分点，这里应为比例", "请写成%；百分点(pp)只用于add")
    if pack.financing is not None:
        for entry in pack.financing.classes:
            for payer, share in (*entry.shares.items(), ("total", entry.total)):
                if share < 0:
                    yield _at(entry.places.get(payer, entry.place), f"“{entry.id}”的{payer}是负数", "请与文件核对")
        for rule in pack.financing.on_behalf:
            if (rule.amount or 0) < 0:
                yield _at(rule.amount_place or rule.place, f"“{rule.who}”的代缴金额是负数", "请与文件核对")


def _with_tables(quantities: Iterable[Quantity], pack: Pack) -> Iterator[Quantity]:
    """The quantities, and the tables of the pack that stand for one of them by name alone."""
    seen: set[str] = set()
    for quantity in quantities:
        yield quantity
        name = quantity.expression.text if isinstance(quantity.expression, Name) else ""
        if name in pack.tables and name not in seen:
            seen.add(name)
            yield pack.tables[name]


def _plain(pack: Pack) -> Iterator[Quantity]:
    """The amounts and ratios of a pack that stand for themselves: not what an adjustment adds."""
    for layer in _layers(pack):
        if layer.deductible is not None:
            yield from _of_deductible(layer.deductible)
        for tier in layer.bands.tiers:
            yield tier.ratio
            if tier.upto is not None:
                yield tier.upto
        yield from _of_adjustments(layer.adjust)
        yield from (cap.amount for cap in layer.caps)
    for entry in pack.benefits:
        for move in entry.moves:
            yield from (quantity for quantity in (move.ratio, move.amount) if quantity is not None)


def _of_deductible(rule: Deductible) -> Iterator[Quantity]:
    yield rule.amount
    yield from _of_adjustments((*rule.adjust, *rule.adjust_after_nth))
    yield from (cap.amount for cap in rule.sum_caps)
    if rule.nth is not None:
        nth = rule.nth
        others = (nth.then, nth.subtract, nth.floor, nth.reduce)
        yield from (*nth.factors, *(quantity for quantity in others if quantity is not None))


def _of_adjustments(entries: Iterable[Adjustment]) -> Iterator[Quantity]:
    yield from (entry.amount for entry in entries if entry.op != "add")


def _written(quantity: Quantity) -> Iterator[tuple[str, Expression, Place]]:
    """The lone numbers of a quantity: its own, or those of its table's cells."""
    if quantity.table is not None:
        for key, cell in quantity.table.cells.items():
            text, place = quantity.table.written.get(key, ("", quantity.place))
            if not isinstance(cell, str) and _is_number(cell):
                yield text, cell, place
    elif quantity.expression is not None and _is_number(quantity.expression):
        yield quantity.text, quantity.expression, quantity.place


def _is_number(expression: Expression) -> bool:
    return isinstance(expression, Number) or (
        isinstance(expression, Operation) and expression.op == "neg" and isinstance(expression.args[0], Number)
    )


def _is_negative(expression: Expression) -> bool:
    if isinstance(expression, Number):
        return expression.value < 0
    inner = expression.args[0] if isinstance(expression, Operation) else None
    return isinstance(inner, Number) and inner.value > 0


# -- written twice ------------------------------------------------------------------------------------------------------


def _twice(pack: Pack) -> Iterator[Finding]:
    """What is written twice where once is meant: the second would pay again, or hide the first."""
    for name, place in _again((name, entry.place) for entry in pack.benefits for name in entry.names):
        yield _at(place, f"待遇“{name}”写了两次", "请合并为一个待遇；两次的层会都支付")
    for name, place in _again((row.id, row.place) for row in pack.financing.classes) if pack.financing else ():
        yield _at(place, f"缴费类别“{name}”写了两次", "请合并，或给其中一类另取名称")
    for rule in pack.formulas.values():
        for name, place in _again((step.name, step.place) for step in rule.steps):
            message = f"公式“{rule.name}”有两步都叫“{name}”"
            yield _at(place, message, "请给其中一步另取名称，否则后一步盖住前一步")
    for layer in _layers(pack):
        for name, times in Counter(layer.base).items():
            if times > 1:
                yield _at(layer.place, f"“{layer.title}”的base把“{name}”写了{times}次", "每个成分只写一次")
        for first, second in _same([*layer.adjust, *(layer.deductible.adjust if layer.deductible else ())]):
            message = f"“{second.label or second.amount.text}”与第{first.place.line}行是同一条调整"
            yield _at(second.place, message, "请删除一条；两条会先后都调整")


def _again(named: Iterable[tuple[str, Place]]) -> Iterator[tuple[str, Place]]:
    """The second and later places of each name."""
    known: set[str] = set()
    for name, place in named:
        if name in known:
            yield name, place
        known.add(name)


def _same(entries: Iterable[Adjustment]) -> Iterator[tuple[Adjustment, Adjustment]]:
    known: dict[tuple[str, str, str], Adjustment] = {}
    for entry in entries:
        if entry.amount.table is not None or entry.amount.expression is None:
            continue
        key = (entry.op, entry.amount.text, entry.when.text if entry.when else "")
        if key in known:
            yield known[key], entry
        known.setdefault(key, entry)


# -- what nobody hands on -----------------------------------------------------------------------------------------------


def _starved(pack: Pack) -> Iterator[Finding]:
    """A layer after one that takes the in-scope cost, whose base nothing before it ever fills: it would never pay."""
    for entry in pack.benefits:
        filled = {move.to for move in entry.moves}
        split = False
        for layer in entry.layers:
            if split and not filled.intersection(layer.base) and {*layer.base} <= {*HANDED_ON}:
                known = "、".join(name for name in HANDED_ON if name in filled) or "没有"
                message = f"“{layer.title}”计{'、'.join(layer.base)}，但前面没有一层把费用移到那里，永远不支付"
                yield _at(layer.place, message, f"请核对前面限额的rest_to和本层的base；前面移入的有：{known}")
            split = split or not layer.in_place
            filled |= _hands_on(layer)


def _hands_on(layer: Layer) -> set[str]:
    """What a layer may leave something in: its caps, and if it takes apart the in-scope cost, deductible and copay."""
    found = {cap.rest_to for cap in layer.caps}
    if layer.in_place:
        return found
    return found | {"copay"} | ({"deductible"} if layer.deductible is not None else set())


# -- counters and benefits ------------------------------------------------------------------------------------------------


def _counters(pack: Pack) -> Iterator[Finding]:
    """A counter of visits is not read or fed as money, nor the other way round."""
    for name, unit, place in _uses(pack):
        spec = pack.accumulators.get(name)
        if spec is not None and spec.unit != unit:
            message = f"累计项“{spec.title}”({name})的单位是{spec.unit}，这里计的是{unit}"
            yield _at(place, message, "请换一个累计项，或改正accumulators中的unit")


def _uses(pack: Pack) -> Iterator[tuple[str, str, Place]]:
    for layer in _layers(pack):
        caps: tuple[Cap, ...] = layer.caps
        if layer.deductible is not None:
            yield layer.deductible.counts, "元", layer.deductible.place
            caps += layer.deductible.sum_caps
            if layer.deductible.nth is not None:
                yield layer.deductible.nth.counts, "次", layer.deductible.nth.place
        for cap in caps:
            yield cap.counts, "元", cap.place
        for counts in (layer.cumulate_base, layer.cumulate_paid, layer.bands.counts):
            yield counts, "元", layer.place
        for feed in layer.feeds:
            yield feed.to, "次" if feed.what == "one" or feed.times is not None else "元", feed.place


def _benefit_names(pack: Pack, known: Collection[str]) -> Iterator[Finding]:
    named = [(name, payer.place) for payer in pack.payers for name in payer.benefits]
    named += [(name, rule.place) for rule in pack.refusals for name in rule.benefits]
    for name, place in dict(reversed(named)).items():
        if name not in known:
            yield _at(place, f"没有待遇“{name}”，写给它的规则不起作用", f"请核对名称；有：{'、'.join(sorted(known))}")


# -- one mistake, one finding ---------------------------------------------------------------------------------------------


def without_consequences(findings: Iterable[Finding], packs: Iterable[Pack]) -> list[Finding]:
    """The findings without those that only follow from a named condition that is itself wrong, said at its own place.

    Where a named condition can never hold, every rule that uses it says so; once, where it is written, is enough.
    """
    kept = list(findings)
    unread = {(one.file, one.line) for one in kept if "没有理解“" in one.message}
    kept = [one for one in kept if (one.file, one.line) not in unread or not one.message.startswith("缺少")]
    for pack in packs:
        block = pack.tree.get("define")
        for name, node in block.entries.items() if isinstance(block, Map) else ():
            kept = _without(kept, name, node)
    return kept


def _without(findings: list[Finding], name: str, node: Tree) -> list[Finding]:
    own = [one for one in findings if (one.file, one.line) == (node.file, node.line) and one.severity == "error"]
    unknown, never = f"不认识的名称“{name}”", f"条件“{name}”永远不成立"
    if own:
        return [one for one in findings if one.file != node.file or one.message not in (unknown, never)]
    hits = [one for one in findings if one.file == node.file and one.message == never]
    if not hits:
        return findings
    said = Finding(node.file, node.line, "", never, hits[0].remedy)
    return [*(one for one in findings if one not in hits), said]
