"""The deductible of a layer: amount, adjustments, n-th visit, what the period has borne, a cap on the sum."""

from __future__ import annotations

from math import lcm

from tongchou.kernel.money import format_yuan_grouped
from tongchou.kernel.rate import Rate
from tongchou.policy.expressions import Number
from tongchou.policy.layerwriter import LayerWriter, yuan
from tongchou.policy.model import Deductible, NthRule, Quantity
from tongchou.policy.program import FormatOf
from tongchou.policy.typed import Code, at_scale


def write_deductible(w: LayerWriter, rule: Deductible, total: str) -> tuple[str, str]:
    """Write the code; given back are the variables of what the person bears of ``total``, and of the deductible itself.

    The explanation shows only variables that it has always shown: what is stored with a result must explain it years later.
    """
    amount = w.quantity(rule.amount, "deductible")
    w.show(
        "起付标准",
        w.label("起付标准", rule.amount),
        "{0}",
        (yuan(amount.text),),
        yuan(amount.text),
        cite=rule.place.citation,
        show=total,
    )
    for adjustment in rule.adjust:
        amount = w.adjust(amount, adjustment, "起付标准", total)
    line = w.positive("line", amount.text) if rule.adjust else amount.text
    plain, adjusted = line, amount
    if rule.nth:
        line = _nth(w, rule.nth, line, total)
    if rule.adjust_after_nth:
        amount = Code(line, "fen")
        for adjustment in rule.adjust_after_nth:
            amount = w.adjust(amount, adjustment, "起付标准", total)
        line = w.positive("line", amount.text)
    if rule.counts:
        line = _not_yet_borne(w, rule, line, total)
    for cap in rule.sum_caps:
        used, limit = w.used(cap), w.limit(cap)
        before, line = line, w.smaller("line", line, w.room(limit, used))
        w.show_cap(cap, "本次起付标准", before, limit, used, line)
    borne = w.smaller("borne", line, total)
    for counter in dict.fromkeys((rule.counts, *(cap.counts for cap in rule.sum_caps))):
        if counter:
            w.will_feed(counter, borne, rule.place)
    return borne, adjusted.text if line == plain and w.stored(adjusted.text) else line


def _not_yet_borne(w: LayerWriter, rule: Deductible, line: str, total: str) -> str:
    used = w.e.accumulator(rule.counts, rule.place)
    left = w.positive("line", f"{line} - {used}")
    w.show("尚需负担的起付标准", "起付标准 − 已累计负担", "{0} − {1}", (yuan(line), yuan(used)), yuan(left), show=total)
    return left


def _nth(w: LayerWriter, rule: NthRule, amount: str, total: str) -> str:
    """The n-th visit of the period: factors (the last one repeats), then a fixed amount, or a subtraction each time."""
    earlier = w.e.accumulator(rule.counts, rule.place)
    if rule.reduce is not None:
        step = w.quantity(rule.reduce, "step")
        factor = w.positive("factor", f"{step.scale} - {earlier} * {step.text}")
        line = w.let("line", f"(2 * {amount} * {factor} + {step.scale}) // {2 * step.scale}")
    elif rule.subtract is not None:
        step = w.quantity(rule.subtract, "step")
        line = w.positive("line", f"{amount} - {earlier} * {step.text}")
    else:
        codes = [w.quantity(factor, "factor") for factor in rule.factors]
        scale = lcm(*(code.scale for code in codes))
        text = at_scale(codes[-1], scale)
        for index in range(len(codes) - 2, -1, -1):
            text = f"{at_scale(codes[index], scale)} if {earlier} == {index} else {text}"
        factor = w.let("factor", text)
        line = w.let("line", f"(2 * {amount} * {factor} + {scale}) // {2 * scale}")
        if rule.then is not None:
            then = w.quantity(rule.then, "then")
            line = w.let("line", f"{then.text} if {earlier} >= {len(codes)} else {line}")
    if rule.floor is not None:
        floor = w.quantity(rule.floor, "floor")
        lowest = w.smaller("lowest", floor.text, amount)
        line = w.let("line", f"{line} if {line} > {lowest} else {lowest}")
    if rule.when is not None:
        line = w.let("line", f"{line} if {w.e.condition(rule.when)} else {amount}")
    template, more = _in_numbers(rule, earlier)
    refs = (yuan(amount), (earlier, "int", 1), *more)
    title, words = "本年第n次的起付标准", _counted_words(w, rule)
    w.show(title, words, template, refs, yuan(line), cite=rule.place.citation, show=total)
    return line


def _counted_words(w: LayerWriter, rule: NthRule) -> str:
    spec = w.e.known_accumulators.get(rule.counts)
    return f"按本年{{fact:{spec.by}}}已有次数调整" if spec is not None and spec.by else "按本年已有次数调整"


def _in_numbers(rule: NthRule, earlier: str) -> tuple[str, tuple[FormatOf, ...]]:
    """How the rule reads in numbers, and what is shown beside the amount and the number of earlier visits.

    Rules with a condition, or with numbers that are worked out, say only how many visits there were.
    """
    written = [q for q in (*rule.factors, rule.then, rule.subtract, rule.reduce, rule.floor) if q is not None]
    if rule.when is not None or not all(isinstance(q.expression, Number) for q in written):
        return "{0}(此前{1}次)", ()
    lowest = f"，不低于{_shown(rule.floor) or '零'}" if rule.floor or not rule.factors else ""
    if rule.reduce is not None:
        return f"{{0}} × (100% − {{1}}次 × {_shown(rule.reduce)}){lowest}", ()
    if rule.subtract is not None:
        return f"{{0}} − {{1}}次 × {_shown(rule.subtract)}{lowest}", ()
    each = [f" × {_shown(factor)}" for factor in rule.factors]
    if rule.then is not None:
        each.append(f"，第{len(each) + 1}次起{_shown(rule.then)}")
    return f"{{0}}{{2}}(此前{{1}}次){lowest}", ((earlier, f"nth:{'|'.join(each)}", 1),)


def _shown(quantity: Quantity | None) -> str:
    """A number of the document as the explanation writes it."""
    if quantity is None or not isinstance(quantity.expression, Number):
        return ""
    value = quantity.expression.value
    return Rate(value).percent_text() if quantity.unit == "率" else format_yuan_grouped(int(value * 100))
