"""A version as people read it: the government document again, section by section, made from the model and complete.

Every number and every table cell of a pack stands in it, with its article; a test walks all packs. What the document
does not give is said, what can be read in two ways is shown with both readings and with what the other one would change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from tongchou.policy.book import PolicyBook, Version
from tongchou.policy.difference import Difference, differences
from tongchou.policy.layer_document import benefit_section, conditions
from tongchou.policy.model import (
    AccumulatorSpec,
    Ambiguity,
    FactSpec,
    Financing,
    FinancingClass,
    FormulaRule,
    LineRules,
    Pack,
    Place,
)
from tongchou.policy.nodes import Map, Scalar
from tongchou.policy.provisions import NOT_GIVEN, Block, Document, Entry, Grid, Row, Section, number_words
from tongchou.policy.scribe import Scribe

KINDS = {
    "int": "整数",
    "fen": "金额",
    "bool": "是否",
    "enum": "取值",
    "set": "可多选",
    "date": "日期",
    "code": "代码",
    "rate": "比例或小数",
}
COUNTS_IN = {"discharge": "出院日期", "admission": "入院日期", "split": "费用发生日期（跨年度分开结算）"}
UNITS = {"元": "元", "率": "比例", "个": "个数", "数": "小数", "日": "日期", "是否": "是否"}
SOURCE = {
    "title": "文件", "short": "简称", "number": "文号", "date": "发文日期", "issuer": "发文机关", "articles": "条款范围",
    "url": "出处", "seed": "材料编号",
}  # fmt: skip


def document_of(pack: Pack, others: Mapping[tuple[str, str], Pack] | None = None) -> Document:
    """The document of a pack under the readings with which it was read.

    Args:
        others: the pack under each other reading (ambiguity, reading), to say what that one would change.
    """
    scribe = Scribe(pack)
    sections = [_head(scribe), _facts(scribe)]
    sections += [benefit_section(scribe, benefit) for benefit in pack.benefits]
    sections += [_payers(scribe), _lines(scribe, pack.lines), _exclusions(scribe), _financing(scribe, pack.financing)]
    sections += [_formula(scribe, rule) for rule in pack.formulas.values()]
    sections += [_tables(scribe), _printed(scribe), _counters(scribe)]
    found = Document(pack.title, tuple(section for section in sections if section.blocks or section.sections))
    doubts = [_ambiguity(found, entry, others or {}, pack) for entry in pack.ambiguities]
    if doubts:
        found = Document(found.title, (*found.sections, Section("文字的不同理解", sections=tuple(doubts))))
    missing = tuple(entry for entry in found.entries().values() if entry.unknown)
    if missing:
        shown = tuple(replace(entry, address=f"missing/{entry.address}", label=entry.full_label) for entry in missing)
        found = Document(found.title, (*found.sections, Section("文件没有给出的数字", blocks=shown)))
    return found


def version_document(book: PolicyBook, version: Version) -> Document:
    """The whole document of a version, with what each reading that is not adopted would change."""
    others: dict[tuple[str, str], Pack] = {}
    for entry in version.ambiguities:
        for reading in entry.readings:
            if reading != entry.adopted:
                others[entry.id, reading] = book.read(version, {entry.id: reading})
    return document_of(version.pack, others)


def version_differences(before: Version, after: Version) -> list[Difference]:
    """What one version changes against another, under the readings that each adopts."""
    return differences(document_of(before.pack), document_of(after.pack))


# -- what it is ---------------------------------------------------------------------------------------------------------


def _head(scribe: Scribe) -> Section:
    pack, path = scribe.pack, ("依据与生效",)
    place = Place(pack.file, 1, "", pack.document)
    source = pack.tree.get("source")
    blocks: list[Block] = []
    if isinstance(source, Map):
        for key, node in source.entries.items():
            if isinstance(node, Scalar) and not node.is_null:
                blocks.append(scribe.say(f"source/{key}", path, SOURCE.get(key, key), node.text, place))
    until = f"至 {pack.until}" if pack.until else "起，至下一版本的前一天"
    blocks.append(scribe.say("version", path, "施行期间", f"自 {pack.start} {until}", place))
    if pack.published:
        blocks.append(scribe.say("version/published", path, "发布日期", str(pack.published), place))
    replaced = _text(pack.tree.get("version"), "replaces")
    if replaced:
        blocks.append(scribe.say("version/replaces", path, "提前代替前一版本", replaced, place))
    note = _text(pack.tree.get("version"), "note")
    if note:
        blocks.append(scribe.say("version/note", path, "说明", note, place))
    year = f"每年 {pack.benefit_year} 起；跨年住院按{COUNTS_IN[pack.counts_in]}计入"
    blocks.append(scribe.say("benefit_year", path, "待遇年度", year, place))
    blocks += [
        scribe.say(f"funds/{code}", path, "基金", f"{name}（{code}）", place) for code, name in pack.funds.items()
    ]
    return Section("依据与生效", blocks=tuple(blocks))


def _text(tree: object, key: str) -> str:
    node = tree.get(key) if isinstance(tree, Map) else None
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


def _facts(scribe: Scribe) -> Section:
    """What the document says of persons and visits: narrowed facts, facts of its own, named conditions, parts of the bill."""
    pack, path = scribe.pack, ("适用口径",)
    tree = pack.tree.get("facts")
    blocks: list[Block] = []
    for name, spec in pack.facts.items():
        node = tree.get(name) if isinstance(tree, Map) else None
        place = Place(pack.file, node.line if node else 1, _text(node, "cite"), pack.document)
        blocks.append(scribe.say(f"facts/{name}", path, spec.title, _fact_words(spec), place, _fact_detail(spec)))
    for name, condition in pack.defines.items():
        words = scribe.condition(condition)
        blocks.append(scribe.say(f"define/{name}", path, f"“{name}”", f"指{words}", condition.place))
    for name, part in pack.parts.items():
        words = f"{'、'.join(part.kinds).replace('/', '中的')}，单独计算"
        blocks.append(scribe.say(f"parts/{name}", path, part.title, words, part.place, f"bill.{name}"))
    return Section("适用口径", blocks=tuple(blocks))


def _fact_words(spec: FactSpec) -> str:
    values = "、".join(spec.values)
    unit = f"（{spec.unit}）" if spec.unit else ""
    words = values or KINDS[spec.kind] + unit
    same = "；".join(f"{alias} 视为 {value}" for alias, value in spec.aliases)
    return f"{words}；{same}" if same else words


def _fact_detail(spec: FactSpec) -> str:
    default = spec.default
    if isinstance(default, frozenset):
        default = "、".join(sorted(default)) or "无"
    if isinstance(default, bool):
        default = "是" if default else "否"
    parts = [spec.name, f"来源：{spec.source}" if spec.source else ""]
    parts.append(f"不提供时为{default}" if default not in (None, "") else "")
    return "；".join(part for part in parts if part)


# -- rules beside the benefits ----------------------------------------------------------------------------------------------


def _payers(scribe: Scribe) -> Section:
    blocks: list[Block] = []
    for payer in scribe.pack.payers:
        words = f"从{payer.title}（{payer.fund}）支付：{scribe.components(payer.pays) or '无'}"
        first = "先付符合范围费用，再进入各层" if payer.before_layers else ""
        detail = "；".join(part for part in (first, "、".join(payer.benefits), scribe.condition(payer.when)) if part)
        blocks.append(scribe.say(f"payers/{payer.id}", ("个人账户",), payer.title, words, payer.place, detail))
    return Section("个人账户", blocks=tuple(blocks))


def _lines(scribe: Scribe, rules: LineRules | None) -> Section:
    if rules is None:
        return Section("费用明细的先行自付")
    path = ("费用明细的先行自付",)
    blocks: list[Block] = []
    for kind, found in (("classes", rules.classes), ("kinds", rules.kinds)):
        for name, quantity in found.items():
            address = f"lines/{kind}/{name.replace('/', '／')}"  # 乙类/药品 is one word of an address
            blocks += scribe.quantity(address, path, f"{name.replace('/', '中的')}先行自付比例", quantity)
    words = "目录中项目自己的比例优先" if rules.item_ratio_first else "不看目录中项目自己的比例"
    blocks.append(scribe.say("lines/item_ratio", path, "项目自己的比例", words, rules.place))
    return Section("费用明细的先行自付", rules.place.citation, tuple(blocks))


def _exclusions(scribe: Scribe) -> Section:
    found = conditions(scribe, "exclusions", ("不予支付",), "不予支付", scribe.pack.refusals)
    return Section("不予支付", blocks=tuple(found))


def _financing(scribe: Scribe, financing: Financing | None) -> Section:
    if financing is None:
        return Section("筹资")
    path, title = ("筹资",), "筹资标准（元/人年）"
    columns = [*financing.payers, "total"]
    rows = tuple(
        Row(entry.id, tuple(_share(scribe, path, entry, key, financing.payers) for key in columns))
        for entry in financing.classes
    )
    blocks: list[Block] = []
    if rows:
        heads = (*financing.payers.values(), "合计")
        blocks.append(Grid(title, "缴费类别", heads, rows, financing.classes[0].place.citation))
    place = financing.classes[0].place if financing.classes else Place(scribe.pack.file, 1, "", scribe.pack.document)
    for who, like in financing.same_as.items():
        blocks.append(scribe.say(f"financing/same_as/{who}", path, who, f"比照{like}", place))
    for rule in financing.on_behalf:
        whose = f"{rule.payer}代缴；{'、'.join(rule.classes) or '各类'}"
        words = "全部个人部分" if rule.amount is None else f"{number_words_fen(rule.amount)}"
        found = scribe.say(f"financing/on_behalf/{rule.who}", path, rule.who, words, rule.place, whose)
        if rule.unknown:
            found = replace(found, words=NOT_GIVEN, note=rule.unknown)
        if rule.amount_place is not None:
            raw = "null" if rule.unknown else "全部" if rule.amount is None else plain_yuan(rule.amount)
            found = replace(found, place=rule.amount_place, raw=raw, unit="元")
        blocks.append(found)
    return Section("筹资", blocks=tuple(blocks))


def number_words_fen(fen: int) -> str:
    """An amount in fen as yuan in words."""
    return number_words(_yuan(fen), "元")


def plain_yuan(fen: int) -> str:
    """An amount in fen as a pack writes it: ``12000`` → ``120``."""
    return number_words_fen(fen).removesuffix(" 元").replace(",", "")


def _share(scribe: Scribe, path: tuple[str, ...], entry: FinancingClass, key: str, payers: Mapping[str, str]) -> Entry:
    fen = entry.total if key == "total" else entry.shares[key]
    label = f"{entry.id}：{'合计' if key == 'total' else payers[key]}"
    return Entry(
        address=scribe.addresses.give(f"financing/{entry.id}/{key}"),
        path=path,
        label=label,
        words=number_words_fen(fen),
        place=entry.places.get(key, entry.place),
        raw=plain_yuan(fen),
        unit="元",
        number=_yuan(fen),
    )


def _formula(scribe: Scribe, rule: FormulaRule) -> Section:
    path, address = (rule.title,), f"formulas/{rule.name}"
    blocks: list[Block] = []
    for spec in rule.inputs:
        words = "、".join(spec.values) or KINDS[spec.kind] + (f"（{spec.unit}）" if spec.unit else "")
        blocks.append(scribe.say(f"{address}/inputs/{spec.name}", path, f"已知：{spec.title}", words, rule.place))
    scribe.titles = {spec.name: spec.title for spec in rule.inputs}
    blocks += conditions(scribe, f"{address}/requires", path, "计算条件", rule.requires)
    for step in rule.steps:
        at = f"{address}/{step.name}"
        repeat = step.repeat
        if repeat is not None:
            scribe.titles |= {repeat.name: repeat.title, step.name: f"上次的{step.title}"}
            first, last, start = (scribe.amount(q) for q in (repeat.first, repeat.last, repeat.start))
            words = f"由{repeat.title} {first} 逐次算到 {last}，从 {start} 开始"
            blocks.append(scribe.say(f"{at}/repeat", path, step.title, words, step.place))
        blocks += scribe.quantity(at, path, step.title, step.quantity, _unit_detail(step.quantity.unit))
        scribe.titles[step.name] = step.title
    scribe.titles = {}
    return Section(f"计算：{rule.title}", rule.place.citation, tuple(blocks))


def _unit_detail(unit: str) -> str:
    return "" if unit == "元" else UNITS.get(unit, unit)


def _tables(scribe: Scribe) -> Section:
    """The pack's own tables that no rule has shown yet."""
    blocks: list[Block] = []
    for name in scribe.pack.tables:
        if name not in scribe.shown_tables:
            blocks += scribe.shared_table(name)
    return Section("附表", blocks=tuple(blocks))


def _printed(scribe: Scribe) -> Section:
    blocks: list[Block] = []
    for entry in scribe.pack.statements:
        held = scribe.amount(entry.holds) if entry.holds is not None else ""
        known = f"原文的问题 {entry.acknowledged}：{entry.note}" if entry.acknowledged else ""
        detail = "；".join(part for part in (held, known) if part)
        blocks.append(scribe.say(f"printed/{entry.says}", ("原文自己的算术",), "原文", entry.says, entry.place, detail))
    return Section("原文自己的算术", blocks=tuple(blocks))


def _counters(scribe: Scribe) -> Section:
    blocks: list[Block] = [
        scribe.say(
            f"accumulators/{name}",
            ("累计项",),
            spec.title,
            f"{name}（{spec.unit}）{_kept_by(scribe, spec)}",
            spec.place,
        )
        for name, spec in scribe.pack.accumulators.items()
    ]
    return Section("累计项", blocks=tuple(blocks))


def _kept_by(scribe: Scribe, spec: AccumulatorSpec) -> str:
    return f"，按{scribe.heading(spec.by)}分别累计" if spec.by else ""


# -- readings -----------------------------------------------------------------------------------------------------------------


def _ambiguity(document: Document, entry: Ambiguity, others: Mapping[tuple[str, str], Pack], pack: Pack) -> Section:
    """The text that can be read in two ways, the reading adopted and why, and what each other one would change."""
    path = ("文字的不同理解", entry.id)
    plain = replace(entry.place, span=(0, 0))

    def say(key: str, label: str, words: str, detail: str = "") -> Entry:
        return Entry(f"ambiguities/{entry.id}/{key}", path, label, words, plain, detail)

    blocks: list[Block] = [say("text", "问题", entry.text)]
    for reading, text in entry.readings.items():
        adopted = reading == entry.adopted
        blocks.append(
            say(reading, f"理解{reading}" + ("（采用）" if adopted else ""), text, entry.why if adopted else "")
        )
        other = others.get((entry.id, reading))
        if other is not None:
            found = differences(document, document_of(replace(other, ambiguities=())))
            blocks += [
                say(f"{reading}/{n}", f"采用理解{reading}时", change.words)
                for n, change in enumerate(found)
                if not change.address.startswith("ambiguities/")
            ]
    return Section(f"{entry.id} {entry.text}", entry.place.citation, tuple(blocks))


def _yuan(fen: int) -> Fraction:
    return Fraction(fen, 100)
