"""Packs in the order in which they pay + one benefit → one :class:`~tongchou.policy.program.Program`.

The generated function takes integers only and returns one flat tuple:
``refused, payments…, burden…, account, deductible, ratios…, accumulator deltas…``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from tongchou.policy.emitter import Emitter
from tongchou.policy.findings import Finding
from tongchou.policy.layercode import LayerCode
from tongchou.policy.layerwriter import rate_of, yuan
from tongchou.policy.model import (
    BILL_COMPONENTS,
    BURDEN_COMPONENTS,
    COMPONENTS,
    AccumulatorSpec,
    Benefit,
    FactSpec,
    LineRules,
    Move,
    Pack,
    Part,
    Payer,
    Place,
)
from tongchou.policy.nodes import Map
from tongchou.policy.program import Check, Display, LayerInfo, Program, Refusal, lines_for
from tongchou.policy.refusalcode import write_refused
from tongchou.policy.rejections import EXCLUDED, FACT_WRONG, NOT_APPLICABLE
from tongchou.policy.vocabulary import COMPONENT_TITLES, STANDARD_FACTS


def compile_program(packs: Sequence[Pack], benefit: str, findings: list[Finding]) -> Program:
    """Compile the layers of all packs that have the benefit; mistakes are added to ``findings``."""
    emitter = _emitter(packs, benefit, findings)
    bill = {name: f"b_{name}" for name in BILL_COMPONENTS}
    emitter.lines.append("bill_total = " + " + ".join(bill.values()))
    components = {name: bill.get(name, "0") for name in COMPONENTS}
    entries = [(pack, entry) for pack in packs for entry in pack.benefits if benefit in entry.names]
    parts = _parts(emitter, entries, components)
    emitter.components = components
    for pack, entry in entries:
        emitter.read_names_of(pack)
        _conditions(emitter, pack, entry, benefit)
    first = _account_first(emitter, _payer(emitter, packs, benefit), components)
    layers: list[LayerInfo] = []
    codes: list[LayerCode] = []
    for pack, entry in entries:
        emitter.read_names_of(pack)
        for move in entry.moves:
            _move(emitter, move, components)
        for layer in entry.layers:
            code = LayerCode(emitter, layer, len(codes), components)
            layers.append(code.write())
            codes.append(code)
    if entries:
        _leave_uncovered(emitter, entries[0][1], components)
    _check_ids(layers, entries, findings)
    _check_gaps(emitter, codes)
    payer = _payer(emitter, packs, benefit)
    account = _account(emitter, payer, components, first)
    program = _program(emitter, layers, codes, components, account, payer, _line_rules(packs))
    return replace(program, parts=parts)


def _emitter(packs: Sequence[Pack], benefit: str, findings: list[Finding]) -> Emitter:
    findings += _disagreements(packs, benefit)
    return Emitter(
        facts=merge_facts(packs, benefit),
        accumulators={name: spec for pack in packs for name, spec in pack.accumulators.items()},
        findings=findings,
    )


def merge_facts(packs: Sequence[Pack], benefit: str) -> dict[str, FactSpec]:
    """The standard facts as the packs that offer the benefit narrow them together, and what other packs declare."""
    merged = dict(STANDARD_FACTS)
    for part in (part for pack in packs for part in pack.parts.values()):
        name = f"bill.{part.name}"
        merged[name] = FactSpec(name, part.title, "fen", "元", source="费用明细")
    for pack in packs:
        offers = any(benefit in entry.names for entry in pack.benefits)
        for name, spec in pack.facts.items():
            if name not in merged:
                merged[name] = spec
            elif offers:
                merged[name] = _both(merged[name], spec)
    return merged


def _disagreements(packs: Sequence[Pack], benefit: str) -> Iterator[Finding]:
    """A value that one pack tells apart and another takes for a different one: joined, the first would no longer tell it apart."""
    offering = [pack for pack in packs if any(benefit in entry.names for entry in pack.benefits)]
    for pack, other in ((pack, other) for pack in offering for other in offering if pack is not other):
        for name, spec in pack.facts.items():
            apart = other.facts[name].values if name in other.facts else ()
            for alias, value in spec.aliases:
                if alias in apart and spec.kind == "enum":
                    node = pack.tree.get("facts")
                    place = node.get(name) if isinstance(node, Map) else None
                    line = place.line if place is not None else 1
                    message = f"“{alias}”在这里视为“{value}”，相接的{other.file}把它单列，合在一起就分不开"
                    remedy = f"请各包一致：都在{name}的values里单列“{alias}”，或都视为“{value}”"
                    yield Finding(pack.file, line, "", message, remedy)


def _both(one: FactSpec, other: FactSpec) -> FactSpec:
    if other.kind == "code":
        return replace(other, values=tuple(dict.fromkeys((*one.values, *other.values))))
    apart = tuple(alias for alias, _ in one.aliases if alias in other.values and other.kind == "enum")
    values = (*(value for value in one.values if value in other.values), *apart)
    aliases = dict(one.aliases) | dict(other.aliases)
    kept = tuple((alias, value) for alias, value in aliases.items() if value in values and alias not in values)
    if other.kind != "enum":
        return replace(
            other, values=values, aliases=kept, default=one.default, required=other.required and one.required
        )
    meant = (dict(kept).get(str(spec.default), spec.default) for spec in (other, one))
    default = next((value for value in meant if value in values), None)
    return replace(other, values=values, aliases=kept, default=default, required=default is None)


def _conditions(emitter: Emitter, pack: Pack, entry: Benefit, benefit: str) -> None:
    earlier: list[str] = []
    for rule in pack.refusals:
        if not rule.benefits or benefit in rule.benefits:
            details = (("reason", rule.because), ("cite", rule.place.citation))
            text = emitter.condition(rule)
            if earlier and text != "False":
                alone = f"({text}) and not ({' or '.join(earlier)})"
                emitter.checks.append(Check("shadowed", alone, 1, rule.place, rule.because))
            earlier.append(f"({text})")
            emitter.refuse(text, Refusal(EXCLUDED, details))
    for rule in entry.requires:
        named = (("benefit", benefit), ("reason", rule.because), ("cite", rule.place.citation))
        emitter.refuse(f"not {emitter.condition(rule)}", Refusal(NOT_APPLICABLE, named))


def _parts(emitter: Emitter, entries: list[tuple[Pack, Benefit]], components: dict[str, str]) -> tuple[Part, ...]:
    """Parts of the in-scope cost are components of their own; the fact ``bill.NAME`` says how large each is.

    Where no layer of the benefit names a part, it stays with the rest of what is in scope.
    """
    named = {name for _, entry in entries for layer in entry.layers for name in layer.base}
    named |= {move.of for _, entry in entries for move in entry.moves}
    parts = {name: part for pack, _ in entries for name, part in pack.parts.items() if name in named}
    for name, part in parts.items():
        components[name] = emitter.facts.setdefault(f"bill.{name}", f"f{len(emitter.facts)}")
        emitter.component_titles[name] = part.title
    if parts:
        whole = emitter.let("parts", " + ".join(components[name] for name in parts))
        fact = "、".join(f"bill.{name}" for name in parts)
        title = "、".join(part.title for part in parts.values())
        details = (("fact", fact), ("title", title), ("value", "超出"), ("allowed", "合计不大于符合范围费用"))
        emitter.refuse(f"{whole} > b_in_scope", Refusal(FACT_WRONG, details))
        components["in_scope"] = emitter.let("c_in_scope", f"b_in_scope - {whole} if {whole} < b_in_scope else 0")
    return tuple(parts.values())


def _move(emitter: Emitter, move: Move, components: dict[str, str]) -> None:
    """Before the layers, a share (half up to the fen) or an amount of one component goes to another."""
    held, name = components[move.of], f"move_{move.of}"
    number = move.ratio or move.amount
    if number is None:
        return
    code, _ = emitter.quantity(number, name)
    if code.type == "rate":
        wanted, number_ref = f"(2 * {held} * {code.text} + {code.scale}) // {2 * code.scale}", rate_of(code)
        formula, template = f"{emitter.component_titles[move.of]} × 比例，四舍五入到分", "{0} × {1}"
        emitter.checks.append(Check("ratio", code.text, code.scale, move.place, move.title))
    else:
        wanted, number_ref = code.text, yuan(code.text)
        formula, template = f"{emitter.component_titles[move.of]}与定额取小", "min({0}, {1})"
    least = emitter.positive(name, emitter.let(name, wanted))
    moved = emitter.smaller(name, least, held)
    if move.when:
        moved = emitter.let(name, f"{moved} if {emitter.condition(move.when)} else 0")
    refs = (yuan(held), number_ref)
    cite = move.place.citation
    emitter.show(Display("", move.title, formula, template, refs, yuan(moved), cite=cite, show=moved))
    components[move.of] = emitter.let(f"c_{move.of}", f"{held} - {moved}")
    target = components[move.to]
    components[move.to] = emitter.let(f"c_{move.to}", moved if target == "0" else f"{target} + {moved}")
    emitter.refuse_unknowns(held)


def _leave_uncovered(emitter: Emitter, entry: Benefit, components: dict[str, str]) -> None:
    """What is in scope and met no layer stays with the person, in the component that the benefit names."""
    target = "uncovered" if entry.uncovered_to == "in_scope" else entry.uncovered_to
    for name in [name for name in components if name not in BURDEN_COMPONENTS]:
        left, held = components[name], components[target]
        if left != "0":
            components[target] = emitter.let(f"c_{target}", left if held == "0" else f"{held} + {left}")
            components[name] = "0"


def _check_ids(layers: list[LayerInfo], entries: list[tuple[Pack, Benefit]], findings: list[Finding]) -> None:
    places = {layer.id: layer.place for _, entry in entries for layer in entry.layers}
    for one, other in pairwise(sorted(layers, key=lambda layer: layer.id)):
        if one.id == other.id:
            place = places[one.id]
            findings.append(
                Finding(
                    place.file,
                    place.line,
                    place.cite,
                    f"层“{one.id}”重复",
                    "同一待遇中各层(包括相接的政策包)的id应不同",
                )
            )


def _check_gaps(emitter: Emitter, codes: Sequence[LayerCode]) -> None:
    """A cost cap hands over to a later layer; a payment cap that binds earlier must hand over to it too."""
    for index, code in enumerate(codes):
        takes_over = {name for other in codes[index + 1 : index + 2] for name in other.layer.base}
        for cost_cap, limit in code.cost_limits:
            for cap, cut in code.payment_caps:
                if cost_cap.rest_to in takes_over and cap.rest_to not in takes_over:
                    what = f"{limit}|{cap.title}|{cost_cap.title}"
                    emitter.checks.append(Check("gap", cut, 1, cap.place, what, cap.acknowledged))


def _payer(emitter: Emitter, packs: Sequence[Pack], benefit: str) -> Payer | None:
    for pack in packs:
        for payer in pack.payers:
            if not payer.benefits or benefit in payer.benefits:
                emitter.read_names_of(pack)
                return payer
    return None


def _account_first(emitter: Emitter, payer: Payer | None, components: dict[str, str]) -> str:
    """What an account pays before any layer: in-scope cost, which then is the person's own."""
    if payer is None or not payer.before_layers:
        return "0"
    owed = components["in_scope"]
    if payer.when:
        owed = emitter.let("owed", f"{owed} if {emitter.condition(payer.when)} else 0")
    paid = emitter.smaller("account_first", owed, "balance")
    refs = (("balance", "yuan", 1), yuan(owed))
    words = "账户余额与符合范围费用取小，先于各层支付"
    cite, title = payer.place.citation, f"{payer.title}先行支付"
    emitter.show(Display("", title, words, "min({0}, {1})", refs, yuan(paid), fund=payer.fund, cite=cite, show=paid))
    components["in_scope"] = emitter.let("c_in_scope", f"{components['in_scope']} - {paid}")
    components["uncovered"] = paid
    return paid


def _account(emitter: Emitter, payer: Payer | None, components: dict[str, str], first: str) -> str:
    """What the account pays in all; ``first`` of it went before the layers."""
    if payer is None or not payer.pays:
        return first
    parts = [components[name] for name in payer.pays if components[name] != "0"]
    if first != "0" and "uncovered" in payer.pays:
        parts.append(f"-{first}")
    left = "balance" if first == "0" else emitter.let("balance_left", f"balance - {first}")
    payable = " + ".join(parts) or "0"
    when = emitter.condition(payer.when) if payer.when else ""
    owed = emitter.let("payable", f"{payable} if {when} else 0" if when else payable)
    paid = emitter.smaller("account", owed, left)
    names = " + ".join(COMPONENT_TITLES[name] for name in payer.pays)
    emitter.show(
        Display(
            "",
            f"{payer.title}支付",
            f"账户余额与({names})取小",
            "min({0}, {1})",
            ((left, "yuan", 1), yuan(owed)),
            yuan(paid),
            fund=payer.fund,
            cite=payer.place.citation,
            show=paid,
        )
    )
    return paid if first == "0" else emitter.let("account_all", f"{first} + {paid}")


def _line_rules(packs: Sequence[Pack]) -> LineRules | None:
    return next((pack.lines for pack in packs if pack.lines is not None), None)


def _program(
    emitter: Emitter,
    layers: list[LayerInfo],
    codes: list[LayerCode],
    components: Mapping[str, str],
    account: str,
    payer: Payer | None,
    lines: LineRules | None,
) -> Program:
    borne = [c.deductible for c in codes if c.deductible != "0" and not c.layer.in_place]
    fed = tuple(emitter.accumulators)
    results = [
        write_refused(emitter),
        *(code.paid for code in codes),
        *(components[name] for name in BURDEN_COMPONENTS),
        account,
        " + ".join(borne) or "0",
        *(code.first_ratio.text for code in codes),
        *(" + ".join(emitter.fed.get(name, ["0"])) for name in fed),
    ]
    recorded = _recorded(emitter.displays)
    body, _ = lines_for(emitter.lines, [*results, *recorded, *(check.text for check in emitter.checks)])
    parameters = [
        *emitter.facts.values(),
        *(f"b_{name}" for name in BILL_COMPONENTS),
        *emitter.accumulators.values(),
        "balance",
    ]
    return Program(
        source=_function("evaluate", parameters, body, results),
        constants=emitter.constants,
        facts=tuple(emitter.known_facts[name] for name in emitter.facts),
        accumulators=tuple(_accumulator(emitter, name) for name in fed),
        layers=tuple(layers),
        payer=payer,
        refusals=tuple(refusal for _, refusal in emitter.refusals),
        recorded=recorded,
        displays=tuple(emitter.displays),
        lines=lines,
        checks=tuple(emitter.checks),
        body=body,
        parameters=tuple(parameters),
        results=tuple(results),
        max_scale=emitter.max_scale,
    )


def _accumulator(emitter: Emitter, name: str) -> AccumulatorSpec:
    known = emitter.known_accumulators.get(name) or emitter.divided.specs().get(name)
    if known is not None:
        return known
    return AccumulatorSpec(name, name, name.partition(".")[0], "元", Place("", 0, ""))


def _recorded(displays: Sequence[Display]) -> tuple[str, ...]:
    """The variables that the explanation needs, each once, in the order of their first use."""
    found: dict[str, None] = {}
    for display in displays:
        refs = [*display.refs, *((display.amount,) if display.amount else ())]
        for variable in (*(ref[0] for ref in refs), *((display.exact[0],) if display.exact else ()), display.show):
            if variable.isidentifier():
                found.setdefault(variable)
    return tuple(found)


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    returned = ",\n        ".join(results)
    return f"def {name}({', '.join(parameters)}):\n{body}\n    return (\n        {returned},\n    )\n"
