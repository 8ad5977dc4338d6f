"""Reads the parts of a pack that are not about a visit: financing tables and formulas."""

from __future__ import annotations

from fractions import Fraction

from tongchou.kernel.money import parse_yuan
from tongchou.policy.expressions import Number
from tongchou.policy.findings import Finding
from tongchou.policy.model import (
    Condition,
    FactSpec,
    Financing,
    FinancingClass,
    FormulaRule,
    FormulaStep,
    OnBehalf,
    Place,
    Quantity,
    Repeat,
    Statement,
)
from tongchou.policy.nodes import Map, Scalar
from tongchou.policy.reader import STEP_NAME, Cursor

UNITS = {"fen": "元", "int": "个", "rate": "率", "decimal": "数", "date": "日", "bool": "是否"}


def read_financing(block: Cursor | None) -> Financing | None:
    """Who pays what; the shares of each class must add up to the printed total (checked by the checker)."""
    if block is None:
        return None
    payers = {key: node.text for key, node in block.named("payers") if isinstance(node, Scalar)}
    classes = tuple(_class(item, payers) for item in block.children("classes"))
    behalf = tuple(_on_behalf(item) for item in block.children("on_behalf"))
    same_as = {key: node.text for key, node in block.named("same_as") if isinstance(node, Scalar)}
    known = [entry.id for entry in classes]
    for target in same_as.values():
        if target not in known:
            block.report(f"没有缴费类别“{target}”", f"现有：{'、'.join(known)}", block.tree.get("same_as"))
    for rule in behalf:
        for name in rule.classes:
            if name not in known:
                block.findings.append(
                    Finding(
                        rule.place.file,
                        rule.place.line,
                        rule.place.cite,
                        f"没有缴费类别“{name}”",
                        f"现有：{'、'.join(known)}",
                    )
                )
    block.done()
    return Financing(payers, classes, behalf, same_as)


def _class(item: Cursor, payers: dict[str, str]) -> FinancingClass:
    shares = {payer: _yuan(item, payer) for payer in payers}
    total = _yuan(item, "total")
    places = {key: _share_place(item, key) for key in (*payers, "total")}
    found = FinancingClass(item.needed_text("class"), shares, total, item.place, places)
    item.done()
    return found


def _share_place(item: Cursor, key: str) -> Place:
    node = item.tree.get(key)
    if node is None:
        return item.place
    holder, value = item.value_of(node, key)
    return holder.place_of(value or node)


def _yuan(item: Cursor, key: str) -> int:
    node = item.tree.get(key)
    if isinstance(node, Map) and node.get("value") is not None:
        item.used.add(key)
        return _yuan(item.value_of(node, key)[0], "value")
    if item.need(key) is None:
        return 0
    text = item.text(key)
    try:
        return int(parse_yuan(text))
    except ValueError:
        item.report(f"“{key}: {text}”不是金额", "请写成元，例如60或60.50", item.tree.get(key))
        return 0


def _on_behalf(item: Cursor) -> OnBehalf:
    written = item.need("amount")
    holder, node = item.value_of(written, "amount") if written is not None else (item, None)
    text = node.text if isinstance(node, Scalar) else ""
    unknown = holder.note(node) if isinstance(node, Scalar) and node.is_null else ""
    amount = None if text == "全部" or unknown else _yuan(item, "amount")
    found = OnBehalf(
        who=item.needed_text("who"),
        classes=item.words("classes"),
        amount=amount,
        unknown=unknown,
        payer=item.needed_text("payer"),
        place=item.place,
        amount_place=holder.place_of(node) if node is not None else None,
    )
    item.done()
    return found


def read_formulas(top: Cursor) -> dict[str, FormulaRule]:
    """Named calculations: inputs with their kinds, steps in order."""
    found = {}
    for name, node in top.named("formulas"):
        item = top.enter(node, name)
        if item is not None:
            found[name] = _formula(name, item)
    return found


def read_statements(top: Cursor) -> tuple[Statement, ...]:
    """What the document says of its own numbers (``printed``), to be worked out by the checker."""
    found = []
    for item in top.children("printed"):
        entry = Statement(
            item.needed_text("says"),
            item.quantity("holds", "是否"),
            item.text("acknowledged"),
            item.text("note"),
            item.place,
        )
        if entry.acknowledged and not entry.note:
            item.report(f"{entry.acknowledged}没有说明怎样处理", "请写note,说明文件的问题和采用的做法")
        if entry.holds is None and not entry.acknowledged:
            item.report(f"“{entry.says}”没有可核对的算式", "请写holds: 条件，或写acknowledged和note")
        item.done()
        found.append(entry)
    return tuple(found)


def _formula(name: str, item: Cursor) -> FormulaRule:
    inputs = []
    for key, node in item.named("inputs"):
        entry = item.enter(node, key)
        if entry is not None:
            kind = entry.choice("kind", ("int", "fen", "rate", "bool", "enum", "date"), "fen")
            input_name = entry.check_name(key, STEP_NAME, "paid_on")
            title, unit, values = entry.needed_text("title"), entry.text("unit"), entry.words("values")
            inputs.append(FactSpec(input_name, title, kind, unit, values))
            entry.done()
    steps = []
    for step in item.children("steps"):
        unit = UNITS[step.choice("unit", tuple(UNITS), "fen")]
        quantity = step.needed_quantity("value", unit)
        step_name = step.check_name(step.needed_text("name"), STEP_NAME, "total")
        repeat = _repeat(step, unit)
        steps.append(FormulaStep(step_name, step.needed_text("title"), quantity, step.place, repeat))
        step.done()
    if not steps:
        item.report(f"公式“{name}”没有步骤", "请写steps: [{name: 名称, title: 标题, value: 表达式}]")
    title = item.text("title") or name
    rule = FormulaRule(name, title, tuple(inputs), tuple(steps), item.place, _requires(item))
    item.done()
    return rule


def _requires(item: Cursor) -> tuple[Condition, ...]:
    """The conditions without which the calculation is refused, each with its reason."""
    found = []
    for rule in item.children("requires"):
        because = rule.needed_text("because")
        condition = rule.condition("when", because)
        if condition is not None:
            found.append(Condition(condition.expression, condition.text, rule.place, because))
        rule.done()
    return tuple(found)


def _repeat(step: Cursor, unit: str) -> Repeat | None:
    """A step that is worked out once for each year, month … from one number to another."""
    block = step.child("repeat")
    if block is None:
        return None
    if unit not in ("元", "个"):
        step.report("逐次累计的步骤应为金额或个数", "请把unit写成fen或int")
    found = Repeat(
        block.check_name(block.needed_text("name"), STEP_NAME, "year"),
        block.needed_text("title"),
        block.needed_quantity("from", "个"),
        block.needed_quantity("to", "个"),
        block.quantity("start", unit)
        or Quantity(unit, block.place, "0", Number(Fraction(0), "元" if unit == "元" else "")),
    )
    block.done()
    return found
