"""The bands of a layer: which ratio applies to which part of the cost, and the share that comes of it, rounded once."""

from __future__ import annotations

from dataclasses import replace
from math import lcm

from tongchou.policy.layerwriter import LayerWriter, rate_of, yuan
from tongchou.policy.model import Tier
from tongchou.policy.program import Check, FormatOf
from tongchou.policy.typed import Code, at_scale

MOST_EXACT = 400_000
"""Product of the scales of payment bands up to which every amount stays exact in 53 bits."""


def write_share(w: LayerWriter, total: str, above: str, borne: str) -> tuple[str, Code]:
    """Write the code; gives the rounded share of what lies above the deductible, and the ratio of the first band.

    ``total`` is the counted cost, ``above`` what lies above the deductible, ``borne`` the deductible.
    """
    bands = w.layer.bands
    start, end = _measured(w, total, above, borne)
    edges = [w.quantity(tier.upto, "edge").text for tier in bands.tiers if tier.upto is not None]
    ratios = [_ratio(w, tier, n, above) for n, tier in enumerate(bands.tiers)]
    scale = lcm(*(ratio.scale for ratio in ratios))
    refs: tuple[FormatOf, ...]
    w.e.max_scale = max(w.e.max_scale, scale)
    if bands.measure == "payment":
        return _by_payment(w, above, edges, ratios, scale), ratios[0]
    if len(ratios) == 1:
        exact, refs = f"{above} * {ratios[0].text}", (yuan(above), rate_of(ratios[0]))
        what = "起付标准以上费用" if w.layer.deductible else "计入费用"
        formula, template = f"{what} × 报销比例", "{0} × {1}"
    elif bands.whole:
        chosen = _whole(w, end, edges, ratios, scale)
        exact, refs = f"{above} * {chosen.text}", (yuan(above), rate_of(chosen))
        formula, template = "费用 × 所在档次的比例", "{0} × {1}"
    else:
        exact, refs, template = _marginal(w, start, end, edges, ratios, scale)
        formula = "各段费用 × 各段比例之和"
    product = w.let("exact", exact)
    return _round(w, product, scale, formula, template, refs, above), ratios[0]


def _measured(w: LayerWriter, total: str, above: str, borne: str) -> tuple[str, str]:
    """Start and end of what is banded, on the scale on which the band edges are measured."""
    bands = w.layer.bands
    start = borne if bands.measure == "gross" and w.layer.deductible else "0"
    width = total if bands.measure == "gross" else above
    if not bands.counts or bands.measure == "payment":
        return start, width
    used = w.e.accumulator(bands.counts, bands.place)
    w.will_feed(bands.counts, width, bands.place)
    start_text = used if start == "0" else f"{used} + {start}"
    return w.let("start", start_text), w.let("end", f"{used} + {width}")


def _whole(w: LayerWriter, end: str, edges: list[str], ratios: list[Code], scale: int) -> Code:
    text = at_scale(ratios[-1], scale)
    for edge, ratio in reversed(list(zip(edges, ratios, strict=False))):
        text = f"{at_scale(ratio, scale)} if {end} <= {edge} else {text}"
    return Code(w.let("ratio", text), "rate", scale)


def _marginal(
    w: LayerWriter, start: str, end: str, edges: list[str], ratios: list[Code], scale: int
) -> tuple[str, tuple[FormatOf, ...], str]:
    position, parts, refs = start, [], []
    rising = start == "0" and all(edge.isdigit() for edge in edges) and edges == sorted(edges, key=int)
    for index, ratio in enumerate(ratios):
        upper = end
        if index < len(edges):
            reached = edges[index]
            if position != "0" and not rising:
                reached = w.let("upto", f"{reached} if {reached} > {position} else {position}")
            upper = w.smaller("upto", reached, end)
        part = upper if position == "0" else w.let("part", f"{upper} - {position}")
        parts.append(f"{part} * {at_scale(ratio, scale)}")
        refs += [yuan(part), rate_of(ratio)]
        position = upper
    template = " + ".join(f"{{{2 * n}}} × {{{2 * n + 1}}}" for n in range(len(ratios)))
    return " + ".join(parts), tuple(refs), template


def _ratio(w: LayerWriter, tier: Tier, number: int, above: str) -> Code:
    """The ratio of one band after all adjustments, between nothing and everything."""
    quantity, name = tier.ratio, f"ratio{number}"
    code = w.quantity(quantity, name)
    label = "报销比例" if len(w.layer.bands.tiers) == 1 else f"第{number + 1}段报销比例"
    w.show(label, w.label(label, quantity), "{0}", (rate_of(code),), None, cite=quantity.place.citation, show=above)
    adjustments = () if tier.fixed else w.layer.adjust
    for adjustment in adjustments:
        code = w.adjust(code, adjustment, label, above)
    w.e.checks.append(Check("ratio", code.text, code.scale, quantity.place, f"{w.layer.title}的{label}"))
    if adjustments and not code.text.isdigit():
        floor = w.let(name, f"{code.text} if {code.text} > 0 else 0")
        code = replace(code, text=w.smaller(name, floor, str(code.scale)))
    return code


def _round(
    w: LayerWriter, product: str, scale: int, formula: str, template: str, refs: tuple[FormatOf, ...], above: str
) -> str:
    half_up = w.layer.rounding == "half_up"
    text = f"(2 * {product} + {scale}) // {2 * scale}" if half_up else f"{product} // {scale}"
    raw = w.let("share", text)
    formula += "，四舍五入到分" if half_up else "，舍去分以下"
    w.show("按比例应付", formula, template, refs, yuan(raw), exact=(product, scale), show=above)
    return raw


def _by_payment(w: LayerWriter, above: str, edges: list[str], ratios: list[Code], scale: int) -> str:
    """Bands whose edges lie on the cumulative payment: each edge is inverted to cost, exactly.

    Walking up the bands, ``cost / by`` is the cost not yet placed. A band with room ``R`` left takes cost ``R / ratio``;
    if more is left than that, the band pays ``R`` and the rest goes on, so that only the last band reached gives a fraction.
    """
    bands = w.layer.bands
    paid = w.e.accumulator(bands.counts, bands.place) if bands.counts else "0"
    if scale ** len(ratios) > MOST_EXACT:
        w.e.report(bands.place, "按支付额分段的段数或比例的位数过多，无法精确到分", "请减少分段，或改用按费用分段")
    cost, by, below, full = above, "1", paid, "0"
    number, denominator = "0", str(scale)
    for index, ratio in enumerate(ratios):
        share = w.let("bandcost", f"{cost} * {at_scale(ratio, scale)}")
        last = index == len(edges)
        if last:
            fits, room = "1", "0"
        else:
            room = w.positive("bandroom", f"{edges[index]} - {below}")
            filled = w.let("filled", f"{room} * {scale}" if by == "1" else f"{room} * {scale} * {by}")
            fits = w.let("fits", f"1 if {share} <= {filled} else 0")
        part = share if last else w.let("partial", f"{share} if {fits} == 1 else 0")
        over = str(scale) if by == "1" else w.let("over", f"{scale} * {by}")
        denominator = over if denominator == over else w.let("under", f"{over} if {part} > 0 else {denominator}")
        number = part if number == "0" else w.let("number", f"{number} + {part}")
        if not last:
            whole = w.let("whole", f"0 if {fits} == 1 else {room}")
            full = whole if full == "0" else w.let("whole", f"{full} + {whole}")
            below = w.let("below", f"{edges[index]} if {edges[index]} > {below} else {below}")
            cost = w.let("cost", f"0 if {fits} == 1 else {share} - {filled}")
            by = w.let("by", f"{by} if {fits} == 1 else {by} * {at_scale(ratio, scale)}")
    w.e.max_scale = max(w.e.max_scale, scale ** len(ratios))
    raw = w.let("share", f"{full} + (2 * {number} + {denominator}) // (2 * {denominator})")
    refs = [yuan(above), yuan(paid), *(rate_of(ratio) for ratio in ratios), *(yuan(edge) for edge in edges)]
    count = len(ratios)
    rates = "、".join(f"{{{n + 2}}}" for n in range(count))
    limits = "、".join(f"{{{n + 2 + count}}}" for n in range(len(edges)))
    template = f"{{0}}，此前已支付{{1}}，累计支付达{limits}时换档，比例{rates}"
    w.show("按比例应付", "各段按累计支付额分界(折算为费用)，四舍五入到分", template, tuple(refs), yuan(raw), show=above)
    return raw
