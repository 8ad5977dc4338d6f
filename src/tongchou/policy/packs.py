"""One YAML document → one :class:`~tongchou.policy.model.Pack`, or findings. Readings are already chosen on the tree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tongchou.policy.expressions import Number
from tongchou.policy.findings import Finding
from tongchou.policy.layers import read_benefit
from tongchou.policy.lines import ITEM_CLASSES, OF_CLASS
from tongchou.policy.model import (
    COMPONENTS,
    AccumulatorSpec,
    Ambiguity,
    Condition,
    FactSpec,
    LineRules,
    Pack,
    Part,
    Payer,
    Quantity,
)
from tongchou.policy.nodes import Map, Scalar, Seq, Tree
from tongchou.policy.reader import COUNTER_NAME, FACT_NAME, STEP_NAME, Cursor
from tongchou.policy.rules import read_financing, read_formulas, read_statements

KINDS = ("int", "fen", "bool", "enum", "set", "date", "code")
PERIODS = ("year", "month", "day", "life")


def read_pack(tree: Map, findings: list[Finding], vocabulary: Mapping[str, FactSpec]) -> Pack:
    """Read a pack; what is wrong is added to ``findings`` and the rest is read on."""
    top = Cursor(tree, findings)
    version = top.child("version") or Cursor(Map(tree.file, tree.line, {}), [])
    start = version.day("from")
    if version.tree.get("from") is None:
        top.report("缺少版本的生效日期", "请写version: {from: 日期}", tree.get("version"))
    source = top.child("source")
    document = ""
    if source is not None:
        document = source.needed_text("title")
        document = source.text("short") or source.text("number") or document
        for key in ("number", "date", "issuer", "seed", "url", "articles"):
            source.text(key)
        source.done()
    else:
        top.report("缺少文件来源", "请写source: {title: 文件名, number: 文号, date: 日期}")
    top.document = document
    parts = _parts(top)
    pack = Pack(
        id=top.needed_text("pack"),
        title=top.needed_text("title"),
        file=tree.file,
        document=document,
        start=start or date.min,
        until=version.day("until"),
        published=version.day("published"),
        benefit_year=_benefit_year(top),
        counts_in=top.choice("counts_in", ("discharge", "admission", "split"), "discharge"),
        tree=tree,
        facts=_facts(top, vocabulary),
        accumulators=_accumulators(top),
        funds=_funds(top),
        defines=_defines(top),
        tables=_tables(top),
        ambiguities=read_ambiguities(tree, findings),
        refusals=_refusals(top),
        lines=_lines(top),
        benefits=tuple(read_benefit(item, parts) for item in top.children("benefits")),
        payers=tuple(_payer(item) for item in top.children("payers")),
        financing=read_financing(top.child("financing")),
        formulas=read_formulas(top),
        parts=parts,
        statements=read_statements(top),
    )
    top.used |= {"ambiguities"}
    top.text("language")
    version.text("replaces")
    version.text("gap")
    version.done()
    top.done()
    return pack


def _benefit_year(top: Cursor) -> str:
    """The first day of the benefit year as MM-DD; a day that every year has."""
    text = top.text("benefit_year", "01-01")
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        top.report(f"benefit_year“{text}”不是每年都有的一天", "请写成01-01或10-01的形式", top.tree.get("benefit_year"))
        return "01-01"
    return text


def read_ambiguities(tree: Map, findings: list[Finding]) -> tuple[Ambiguity, ...]:
    """The declared ambiguities of a pack; read before the readings are chosen."""
    found = []
    for item in Cursor(tree, findings).children("ambiguities"):
        readings = {key: node.text for key, node in item.named("readings") if isinstance(node, Scalar)}
        adopted = item.needed_text("adopted")
        if adopted not in readings:
            item.report(f"采用的理解“{adopted}”不在readings中", "请在readings中写明它")
            adopted = next(iter(readings), adopted)  # so that the rest of the pack is read with one that there is
        entry = Ambiguity(
            item.needed_text("id"), item.needed_text("text"), readings, adopted, item.needed_text("why"), item.place
        )
        item.done()
        found.append(entry)
    return tuple(found)


def read_fact(name: str, item: Cursor, base: FactSpec | None) -> FactSpec:
    """A declared fact, or a standard one narrowed to the values that a document speaks of."""
    if base is not None:
        return _narrow(base, item)
    kind = item.choice("kind", KINDS, "int")
    values = item.words("values")
    default_node = item.get("default")
    default = _default(kind, default_node)
    aliases = tuple((key, node.text) for key, node in item.named("same_as") if isinstance(node, Scalar))
    if kind in ("enum", "set") and not values:
        item.report(f"“{name}”没有列出取值", "请写values: [甲, 乙]")
    _check_aliases(aliases, values, item)
    spec = FactSpec(
        name,
        item.needed_text("title"),
        kind,
        item.text("unit"),
        values,
        aliases,
        item.text("source"),
        default,
        required=default_node is None,
    )
    item.done()
    return spec


def _check_aliases(aliases: tuple[tuple[str, str], ...], values: tuple[str, ...], item: Cursor) -> None:
    for alias, target in aliases:
        if target not in values:
            item.report(f"same_as把“{alias}”当作“{target}”，但取值里没有它", f"可用：{'、'.join(values)}")


def _narrow(base: FactSpec, item: Cursor) -> FactSpec:
    values = item.words("values") or base.values
    known = (*base.values, *(alias for alias, _ in base.aliases))
    own = tuple((key, node.text) for key, node in item.named("same_as") if isinstance(node, Scalar))
    for word in (*values, *(alias for alias, _ in own)):
        if base.kind in ("enum", "set") and word not in known:
            item.report(f"“{base.title}”没有取值“{word}”", f"可用：{'、'.join(base.values)}")
    _check_aliases(own, values, item)
    kept = tuple(pair for pair in base.aliases if pair[1] in values and pair[0] not in values)
    aliases = (*kept, *own)
    default = base.default if base.kind != "enum" else dict(aliases).get(str(base.default), base.default)
    if base.kind == "enum" and base.default is not None and default not in values:
        message = f"{base.name}不提供时是“{base.default}”，收窄后不在取值内"
        item.report(message, f"请把“{base.default}”列入values或same_as")
        default = None
    item.done()
    return FactSpec(
        base.name,
        base.title,
        base.kind,
        base.unit,
        values,
        aliases,
        base.source,
        default,
        base.required or default is None,
    )


def _default(kind: str, node: Tree | None) -> object:
    if node is None:
        return None
    if isinstance(node, Seq):
        return frozenset(item.text for item in node.items if isinstance(item, Scalar))
    text = node.text if isinstance(node, Scalar) else ""
    if kind == "bool":
        return text == "true"
    if kind == "set":
        return frozenset()
    return int(text) if kind in ("int", "fen") and text.lstrip("-").isdigit() else text


def _facts(top: Cursor, vocabulary: Mapping[str, FactSpec]) -> dict[str, FactSpec]:
    found = {}
    for name, node in top.named("facts"):
        item = top.enter(node, name)
        if item is not None:
            item.check_name(name, FACT_NAME, "person.rank")
            found[name] = read_fact(name, item, vocabulary.get(name))
    return found


def _accumulators(top: Cursor) -> dict[str, AccumulatorSpec]:
    found = {}
    for name, node in top.named("accumulators"):
        item = top.enter(node, name)
        if item is None:
            continue
        item.check_name(name, COUNTER_NAME, "year.pool_paid:390100")
        period = name.partition(".")[0]
        if period not in PERIODS:
            item.report(f"累计项“{name}”的周期不认识", "名称应以year.、month.、day.或life.开头")
        unit = item.choice("unit", ("元", "次"), "元")
        found[name] = AccumulatorSpec(name, item.needed_text("title"), period, unit, item.place, item.text("by"))
        item.done()
    return found


def _parts(top: Cursor) -> dict[str, Part]:
    """Parts of the in-scope cost with layers of their own, and the item kinds or classes of their fee lines."""
    found = {}
    for name, node in top.named("parts"):
        item = top.enter(node, name)
        if item is None:
            continue
        if name in COMPONENTS:
            item.report(f"“{name}”已是费用成分", "请给这一部分另取名称")
        item.check_name(name, STEP_NAME, "domestic_materials")
        kinds = item.words("kinds")
        for kind in kinds:
            _check_of_class(item, kind, item.tree.get("kinds") or item.tree)
        found[name] = Part(name, item.needed_text("title"), kinds, item.place)
        item.done()
    return found


def _funds(top: Cursor) -> dict[str, str]:
    return {code: node.text for code, node in top.named("funds") if isinstance(node, Scalar)}


def _defines(top: Cursor) -> dict[str, Condition]:
    found = {}
    for name, node in top.named("define"):
        parsed = top.expression(node, name)
        if parsed is not None and isinstance(node, Scalar):
            found[name] = Condition(parsed, node.text, top.place_of(node))
    return found


def _tables(top: Cursor) -> dict[str, Quantity]:
    found = {}
    for name, node in top.named("tables"):
        if isinstance(node, Map):
            unit_node = node.get("unit")
            unit = unit_node.text if isinstance(unit_node, Scalar) else "元"
            quantity = top.read_quantity(node, unit, name)
            if quantity is not None:
                found[name] = quantity
    return found


def _refusals(top: Cursor) -> tuple[Condition, ...]:
    block = top.child("exclusions")
    if block is None:
        return ()
    found = []
    benefits = block.words("benefits")
    for item in block.children("rules"):
        because = item.needed_text("because")
        condition = item.condition("when", because)
        if condition is not None:
            found.append(Condition(condition.expression, condition.text, item.place, because, benefits))
        item.done()
    block.done()
    return tuple(found)


def _lines(top: Cursor) -> LineRules | None:
    block = top.child("lines")
    if block is None:
        return None
    classes, kinds = _rates(block, "classes"), _rates(block, "kinds")
    for item_class in ("甲类", "乙类"):
        if item_class not in classes:
            block.report(f"没有规定{item_class}的先行自付比例", "请在classes中补上(无规定时写null并加note)")
    first = block.choice("item_ratio", ("first", "ignored"), "first") == "first"
    for word in classes.keys() - {*ITEM_CLASSES}:
        block.report(
            f"“{word}”不是费用类别",
            f"classes下写{'、'.join(ITEM_CLASSES)}；其他类别写在kinds下",
            block.tree.get("classes"),
        )
    rules = LineRules(classes, kinds, first, block.place)
    block.done()
    return rules


def _rates(block: Cursor, key: str) -> dict[str, Quantity]:
    inner = block.child(key)
    if inner is None:
        return {}
    found = {}
    for name, node in inner.tree.entries.items():
        if name in ("cite", "note"):
            continue
        if "、" in name:
            inner.report(f"“{name}”不是一个类别", "请每个类别写一行", node)
            continue
        _check_of_class(inner, name, node)
        quantity = inner.read_quantity(node, "率", name)
        if quantity is not None:
            found[name] = quantity
            _check_rate(inner, name, quantity, node)
    return found


def _check_of_class(block: Cursor, word: str, node: Tree) -> None:
    """``乙类/药品``: a kind within one class. Items of class 丙 are never split, so nothing is said for them."""
    item_class, slash, kind = word.partition(OF_CLASS)
    if slash and (item_class not in ITEM_CLASSES[:2] or not kind or OF_CLASS in kind or kind in ITEM_CLASSES):
        block.report(f"“{word}”不是“甲乙类/类别”", "请写成乙类/药品的形式：左边甲类或乙类，右边一个项目类别", node)


def _check_rate(block: Cursor, name: str, quantity: Quantity, node: Tree) -> None:
    """A line is split before the visit's facts are all known, so that its ratio is a number of its own."""
    number = quantity.expression
    if quantity.table is not None or (number is not None and not isinstance(number, Number)):
        remedy = "按事实不同的比例，用parts分出这一类(这里写0%)，再用moves按表移到prior_self_pay"
        block.report(f"“{name}”的先行自付比例应是一个数，不能是表或算式", remedy, node)
    elif isinstance(number, Number) and not 0 <= number.value <= 1:
        block.report(f"“{name}”的先行自付比例不在0%至100%之间", "请与文件核对", node)


def _payer(item: Cursor) -> Payer:
    payer = Payer(
        item.needed_text("id"),
        item.needed_text("title"),
        item.needed_text("fund"),
        item.words("pays"),
        item.condition("when"),
        item.words("benefits"),
        item.place,
        item.flag("before_layers"),
    )
    item.done()
    return payer
