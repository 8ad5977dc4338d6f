"""Checks a whole book: versions, bindings, citations, sums, every reading, every plan.

Each finding names file, line, article, what is wrong and how to mend it. What the law itself has and the pack
acknowledges with a note is reported as acknowledged, not as an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from tongchou.kernel.funds import ACCOUNT_FUNDS, FUNDS
from tongchou.kernel.money import format_yuan
from tongchou.policy.book import PolicyBook, Version
from tongchou.policy.compiler import compile_program
from tongchou.policy.expressions import FUNCTIONS, Number
from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.formulas import Formula
from tongchou.policy.model import AccumulatorSpec, BoundScheme, FormulaRule, FormulaStep, Layer, Pack
from tongchou.policy.nodes import Map, Scalar, Seq, Tree
from tongchou.policy.reach import findings_of
from tongchou.policy.reader import COUNTER_NAME
from tongchou.policy.slips import slips, without_consequences
from tongchou.policy.usage import doubtful_kinds, unused

READING_SECTIONS = ("define", "tables", "benefits", "exclusions", "payers", "parts")
CITED_SECTIONS = ("tables", "lines", "benefits", "financing", "formulas", "exclusions", "payers", "printed")


def check_book(book: PolicyBook) -> list[Finding]:
    """Every finding, errors and acknowledged ones, in the order of files and lines."""
    findings = list(book.findings)
    everywhere = [version for versions in book.packs.values() for version in versions]
    benefits = {name for version in everywhere for entry in version.pack.benefits for name in entry.names}
    unread = {(finding.file, finding.line) for finding in findings}
    for versions in book.packs.values():
        findings += _versions(versions)
        for version in versions:
            findings += _uncited(version.tree)
            findings += [found for found in _sums(version.pack) if (found.file, found.line) not in unread]
            findings += slips(version, benefits)
            findings += _tiers(version.pack)
            findings += _funds(version.pack)
            findings += _formulas(book, version)
            findings += _statements(book, version)
            findings += [*unused(version, everywhere), *doubtful_kinds(version)]
    findings += _bindings(book)
    wrong = {(finding.file, finding.line) for finding in findings if finding.severity == "error"}
    findings += _plans(book, broken=wrong)
    return sorted(set(without_consequences(findings, [version.pack for version in everywhere])))


# -- dates and bindings ---------------------------------------------------------------------------------------------------


def _versions(versions: Sequence[Version]) -> Iterator[Finding]:
    """Versions of one pack: no two from the same day, no overlap, no hole that is not acknowledged."""
    for earlier, later in pairwise(version.pack for version in versions):
        version_node = later.tree.get("version") or later.tree
        place = (later.file, version_node.line, "")
        if earlier.start == later.start:
            yield Finding(*place, f"与{earlier.file}从同一天({later.start})起生效", "请改正version.from")
        elif earlier.until is not None and earlier.until >= later.start:
            remedy = f"请把前一版本的until改为{later.start - timedelta(days=1)}；新文件提前代替它的，在version中写replaces说明"
            message = f"与{earlier.file}重叠：前一版本到{earlier.until}为止，本版本从{later.start}起"
            yield Finding(*place, message, remedy, "acknowledged" if _says(version_node, "replaces") else "error")
        elif earlier.until is not None and earlier.until + timedelta(days=1) < later.start:
            first = earlier.until + timedelta(days=1)
            yield Finding(
                *place,
                f"{first}至{later.start - timedelta(days=1)}没有版本生效",
                "请补上该时段的版本；确无规定时在version中写gap: 说明",
                "acknowledged" if _says(version_node, "gap") else "error",
            )


def _says(node: Tree, key: str) -> bool:
    """Whether something is written under a key, and not ``null``."""
    value = node.get(key) if isinstance(node, Map) else None
    return isinstance(value, Scalar) and not value.is_null


def _bindings(book: PolicyBook) -> Iterator[Finding]:
    for bound in book.bindings:
        if not bound.packs:
            yield Finding(bound.place.file, bound.place.line, "", "没有绑定任何政策包", "请写packs: [包名]")
        if len(set(bound.packs)) < len(bound.packs):
            yield Finding(bound.place.file, bound.place.line, "", "同一个政策包绑定了两次", "每个包只写一次")
        yield from _begun(book, bound)
        known_readings = {
            (entry.id, reading)
            for name in bound.packs
            for version in book.packs.get(name, ())
            for entry in version.ambiguities
            for reading in entry.readings
        }
        for pair in bound.readings.items():
            if pair not in known_readings:
                message = f"政策包没有“{pair[0]}”的理解“{pair[1]}”"
                yield Finding(bound.place.file, bound.place.line, "", message, "请改正readings")
        for name in bound.packs:
            if name not in book.packs:
                known = "、".join(sorted(filter(None, book.packs)))
                remedy = f"请改正名称；现有：{known}"
                if not known:
                    remedy = "这里没有读到任何政策包：请检查绑定文件和政策包所在的目录，并先改正政策包文件里的错误"
                yield Finding(bound.place.file, bound.place.line, "", f"没有政策包“{name}”", remedy)


def _begun(book: PolicyBook, bound: BoundScheme) -> Iterator[Finding]:
    """What an arrangement names on its first day is in force on that day; one without a day has always held."""
    if bound.start == date.min:
        return
    known = [name for name in bound.packs if name in book.packs]
    late = [name for name in known if not book.in_force([name], bound.start)]
    place = (bound.place.file, bound.place.line, bound.place.cite)
    if known and late == known:
        message = f"自{bound.start}起采用的政策包，当日没有一个生效"
        yield Finding(*place, message, "请改正from，或先发布自当日起生效的版本")
    for name in late if late != known else ():
        message = f"政策包“{name}”在{bound.start}没有生效的版本"
        yield Finding(*place, message, "当日起这一层不支付；应当支付的，请发布自当日起的版本", "notice")


# -- citations, sums, bands -------------------------------------------------------------------------------------------------


def _uncited(tree: Map) -> Iterator[Finding]:
    """Every number of a rule stands inside something that cites its article."""
    for section in CITED_SECTIONS:
        node = tree.get(section)
        if node is not None:
            yield from _uncited_in(node, cited=False)


def _uncited_in(node: Tree, *, cited: bool) -> Iterator[Finding]:
    if isinstance(node, Seq):
        for item in node.items:
            yield from _uncited_in(item, cited=cited)
    elif isinstance(node, Map):
        here = cited or node.get("cite") is not None
        for key, value in node.entries.items():
            if key not in ("cite", "note", "title", "label", "id", "pays_from", "fund", "because"):
                yield from _uncited_in(value, cited=here)
    elif not cited and isinstance(node, Scalar) and any(char.isdigit() for char in node.text):
        yield Finding(node.file, node.line, "", f"“{node.text}”没有注明条款", "请在旁边写cite: 条款")


def _sums(pack: Pack) -> Iterator[Finding]:
    if pack.financing is None:
        return
    for entry in pack.financing.classes:
        total = sum(entry.shares.values())
        if total != entry.total:
            place = entry.place
            message = f"“{entry.id}”各方之和{format_yuan(total)}元不等于总额{format_yuan(entry.total)}元"
            yield Finding(place.file, place.line, place.cite, message, "请与文件核对各方负担金额")


def _layers(pack: Pack) -> Iterator[Layer]:
    for entry in pack.benefits:
        yield from entry.layers


def _tiers(pack: Pack) -> Iterator[Finding]:
    for layer in _layers(pack):
        edges = [tier.upto for tier in layer.bands.tiers if tier.upto is not None]
        for lower, upper in pairwise(edges):
            if isinstance(lower.expression, Number) and isinstance(upper.expression, Number):
                if upper.expression.value <= lower.expression.value:
                    place = upper.place
                    message = f"分段上限{upper.text}不大于前一段的{lower.text}"
                    yield Finding(
                        place.file, place.line, place.cite, message, "请按从小到大书写各段，否则这一段永远用不到"
                    )


def _funds(pack: Pack) -> Iterator[Finding]:
    """Funds are declared, and the chart of accounts has them: of those it lacks, nothing could be booked."""
    paying = frozenset(FUNDS) - ACCOUNT_FUNDS
    used = [(layer.fund, layer.place, paying, "各层") for layer in _layers(pack)]
    used += [(payer.fund, payer.place, ACCOUNT_FUNDS, "账户") for payer in pack.payers]
    for code, place, booked, who in used:
        if code not in pack.funds:
            yield Finding(place.file, place.line, place.cite, f"基金“{code}”没有声明", "请在funds中写明代码和名称")
        elif code not in booked:
            known = "、".join(f"{one}{FUNDS[one]}" for one in sorted(booked))
            message = f"账上没有{who}从“{code}”支付的科目，结算无法入账"
            yield Finding(place.file, place.line, place.cite, message, f"可用：{known}；都不合适时写999997其他基金")


# -- everything that is compiled ----------------------------------------------------------------------------------------------


def _readings(version: Version) -> Iterator[dict[str, str]]:
    """The adopted readings, then each other reading of each ambiguity by itself."""
    yield {}
    for entry in version.ambiguities:
        for reading in entry.readings:
            if reading != entry.adopted:
                yield {entry.id: reading}


def _formulas(book: PolicyBook, version: Version) -> list[Finding]:
    findings: list[Finding] = []
    for chosen in _readings(version):
        pack = _read(book, version, chosen, findings)
        for rule in pack.formulas.values():
            for step in rule.steps:
                if step.name in FUNCTIONS or step.name in {spec.name for spec in rule.inputs}:
                    place = step.place
                    findings.append(
                        Finding(place.file, place.line, place.cite, f"“{step.name}”已另有含义", "请给这一步另取名称")
                    )
            Formula(rule, pack.defines, pack.tables, findings)
    return findings


def _statements(book: PolicyBook, version: Version) -> Iterator[Finding]:
    """What the document says of its own numbers, worked out; what does not hold must be acknowledged."""
    pack = version.pack
    for entry in pack.statements:
        place = (entry.place.file, entry.place.line, entry.place.cite)
        known = f"{entry.acknowledged}：{entry.says}；{entry.note}"
        if entry.holds is None:
            yield Finding(*place, known, "政策包已写明怎样处理", "acknowledged")
            continue
        findings: list[Finding] = []
        step = FormulaStep("holds", entry.says, entry.holds, entry.place)
        formula = Formula(
            FormulaRule("printed", entry.says, (), (step,), entry.place), pack.defines, pack.tables, findings
        )
        yield from findings
        holds = bool(findings) or formula.evaluate({})["holds"]
        if not holds and entry.acknowledged:
            yield Finding(*place, known, "政策包已写明怎样处理", "acknowledged")
        elif not holds:
            remedy = "请与文件核对；原文如此时写acknowledged和note加以确认"
            yield Finding(*place, f"文件的说法与它自己的数字不符：{entry.says}", remedy)
        elif entry.acknowledged:
            yield Finding(*place, f"{entry.acknowledged}已不成立：{entry.says}", "请删除acknowledged")


def _read(book: PolicyBook, version: Version, chosen: dict[str, str], findings: list[Finding]) -> Pack:
    try:
        return book.read(version, chosen, findings)
    except PolicyErrors as errors:
        findings += errors.findings
        return version.pack


def _plans(book: PolicyBook, *, broken: Collection[tuple[str, int]]) -> list[Finding]:
    """Compile every benefit of every binding and of every unbound pack, at every date on which anything changes.

    Packs whose texts are ``broken`` in some lines are compiled, too, so that what only compiling shows is named in the same
    run; what follows from a broken line is left out.
    """
    findings: list[Finding] = []
    done: set[tuple[object, ...]] = set()
    for chain, own, day in _moments(book):
        versions = book.in_force(chain, day)
        adopted = [_adopted(version, own) for version in versions]
        for index, version in enumerate(versions):
            for chosen in (adopted[index], *_readings(version)):
                readings = [*adopted[:index], chosen, *adopted[index + 1 :]]
                key = tuple((id(v), tuple(one.items())) for v, one in zip(versions, readings, strict=True))
                if key in done:
                    continue
                done.add(key)
                packs = [_read(book, v, one, findings) for v, one in zip(versions, readings, strict=True)]
                try:
                    _compile_all(packs, findings)
                except (ArithmeticError, LookupError, NameError, TypeError, ValueError):
                    if not broken:
                        raise  # sound texts compile; only a broken one may leave a part that fits nowhere
    return [finding for finding in findings if (finding.file, finding.line) not in broken]


def _moments(book: PolicyBook) -> Iterator[tuple[tuple[str, ...], dict[str, str], date]]:
    """Each arrangement with its readings on every day on which anything changes while it holds; then the unbound packs."""
    for bound in book.bindings:
        until = book.bindings.until(bound) or date.max
        days = {day for day in _changes(book, bound.packs) if bound.start <= day <= until}
        for day in sorted(days | ({bound.start} if bound.start > date.min else set())):
            yield bound.packs, bound.readings, day
    used = book.bindings.packs()
    for name in sorted(book.packs):
        if name not in used:
            for day in _changes(book, (name,)):
                yield (name,), {}, day


def _adopted(version: Version, own: dict[str, str]) -> dict[str, str]:
    """The readings that an area has adopted otherwise than the pack; those that there are not are found elsewhere."""
    chosen = {entry.id: own.get(entry.id, entry.adopted) for entry in version.ambiguities}
    known = {entry.id: entry for entry in version.ambiguities}
    return {k: v for k, v in chosen.items() if v != known[k].adopted and v in known[k].readings}


def _changes(book: PolicyBook, chain: Sequence[str]) -> list[date]:
    """The days on which the set of versions in force changes."""
    packs = [version.pack for name in chain for version in book.packs.get(name, ())]
    ends = {pack.until + timedelta(days=1) for pack in packs if pack.until is not None}
    return sorted({pack.start for pack in packs} | ends)


def _clashes(packs: Sequence[Pack]) -> Iterator[Finding]:
    """What packs that pay one after another must agree on: shared counters, and the benefit year of a shared benefit."""
    counters: dict[str, AccumulatorSpec] = {}
    years: dict[str, Pack] = {}
    for pack in packs:
        for name, spec in pack.accumulators.items():
            known = counters.setdefault(name, spec)
            if (known.unit, known.title, known.by) != (spec.unit, spec.title, spec.by):
                place = spec.place
                message = f"累计项“{name}”与{known.place.file}第{known.place.line}行的单位、名称或by不同"
                yield Finding(
                    place.file, place.line, place.cite, message, "同名累计项是同一个数，请改成一致，或另取名称"
                )
        for entry in pack.benefits:
            for benefit in entry.names:
                first = years.setdefault(benefit, pack)
                if (first.benefit_year, first.counts_in) != (pack.benefit_year, pack.counts_in):
                    message = f"“{benefit}”的待遇年度或跨年规定与相接的{first.file}不同"
                    place = entry.place
                    yield Finding(place.file, place.line, "", message, "请核对benefit_year和counts_in，使各层一致")


def _fed(packs: Sequence[Pack]) -> set[str]:
    """The counters that some layer adds to."""
    layers = [layer for pack in packs for layer in _layers(pack)]
    found = {name for layer in layers for name in (layer.cumulate_base, layer.cumulate_paid, layer.bands.counts)}
    found |= {cap.counts for layer in layers for cap in layer.caps} | {
        feed.to for layer in layers for feed in layer.feeds
    }
    deductibles = [layer.deductible for layer in layers if layer.deductible is not None]
    found |= {rule.counts for rule in deductibles}
    return found | {cap.counts for rule in deductibles for cap in rule.sum_caps}


def _unfed(packs: Sequence[Pack]) -> Iterator[Finding]:
    """A counter that is looked at and that nothing adds to stays at nought: the second visit would never come."""
    fed = _fed(packs)
    for pack in packs:
        for section in READING_SECTIONS:
            node = pack.tree.get(section)
            if node is not None:
                yield from _unfed_in(node, "", {*pack.accumulators} - fed, pack.accumulators)


def _unfed_in(node: Tree, cite: str, unfed: set[str], known: Mapping[str, AccumulatorSpec]) -> Iterator[Finding]:
    if isinstance(node, Scalar):
        for name in sorted({*COUNTER_NAME.findall(node.text)} & unfed):
            remedy = f"请在计入它的层写feeds: [{{to: {name}, what: one}}](次数)或what: paid、base(金额)"
            message = f"累计项“{known[name].title}”({name})没有任何一层累计，读到的永远是零"
            yield Finding(node.file, node.line, cite, message, remedy)
    elif isinstance(node, Seq):
        for item in node.items:
            yield from _unfed_in(item, cite, unfed, known)
    else:
        own = node.get("cite")
        here = own.text if isinstance(own, Scalar) else cite
        for item in node.entries.values():
            yield from _unfed_in(item, here, unfed, known)


def _compile_all(packs: Sequence[Pack], findings: list[Finding]) -> None:
    findings += _clashes(packs)
    findings += _unfed(packs)
    for benefit in dict.fromkeys(name for pack in packs for entry in pack.benefits for name in entry.names):
        mistakes: list[Finding] = []
        program = compile_program(packs, benefit, mistakes)
        findings += mistakes
        hidden = {(mistake.file, mistake.line) for mistake in mistakes}
        findings += [found for found in findings_of(program) if (found.file, found.line) not in hidden]
