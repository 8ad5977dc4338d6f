"""The bands of a layer: which ratio applies to which part of the cost, and the share that comes of it, rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import gcd, lcm
from typing import NamedTuple

from tongchou.policy.emitter import Unknown
from tongchou.policy.layerwriter import LayerWriter, rate_of, yuan
from tongchou.policy.model import Tier
from tongchou.policy.program import Check, FormatOf
from tongchou.policy.reachcode import Reach, reach_by_payment, reach_of
from tongchou.policy.typed import Code, at_scale

MOST_EXACT = 400_000
"""Product of the scales of payment bands up to which every amount stays exact in 53 bits."""


class Share(NamedTuple):
    """The rounded share of what lies above the deductible, the ratio of the first band, and the bands turned round."""

    raw: str
    first_ratio: Code
    reach: Reach


def write_share(w: LayerWriter, total: str, above: str, borne: str) -> Share:
    """Write the code.

    ``total`` is the counted cost, ``above`` what lies above the deductible, ``borne`` the deductible.
    """
    bands = w.layer.bands
    start, end = _measured(w, total, above, borne)
    edges = [w.quantity(tier.upto, "edge").text for tier in bands.tiers if tier.upto is not None]
    ratios, unknown = zip(*(_ratio(w, tier, n, above) for n, tier in enumerate(bands.tiers)), strict=True)
    scale = lcm(*(ratio.scale for ratio in ratios))
    refs: tuple[FormatOf, ...]
    w.e.max_scale = max(w.e.max_scale, scale)
    if bands.measure == "payment":
        raw, reached, reach = _by_payment(w, above, edges, ratios, scale)
        _refuse_unknown(w, reached, unknown)
        return Share(raw, ratios[0], reach)
    if len(ratios) == 1:
        reached, pieces = [f"{above} > 0"], [(above, ratios[0].text)]
        exact, refs = f"{above} * {ratios[0].text}", (yuan(above), rate_of(ratios[0]))
        what = "起付标准以上费用" if w.layer.deductible else "计入费用"
        formula, template = f"{what} × 报销比例", "{0} × {1}"
    elif bands.whole:
        chosen, reached = _whole(w, end, above, edges, ratios, scale)
        pieces = [(above, chosen.text)]
        exact, refs = f"{above} * {chosen.text}", (yuan(above), rate_of(chosen))
        formula, template = "费用 × 所在档次的比例", "{0} × {1}"
    else:
        pieces, reached = _marginal(w, start, end, edges, ratios, scale)
        exact = " + ".join(f"{part} * {ratio}" for part, ratio in pieces)
        refs = tuple(
            ref for (part, _), ratio in zip(pieces, ratios, strict=True) for ref in (yuan(part), rate_of(ratio))
        )
        template = " + ".join(f"{{{2 * n}}} × {{{2 * n + 1}}}" for n in range(len(ratios)))
        formula = "各段费用 × 各段比例之和"
    _refuse_unknown(w, reached, unknown)
    product = w.let("exact", exact)
    raw = _round(w, product, scale, formula, template, refs, above)
    return Share(raw, ratios[0], reach_of(w, pieces, scale))


def _refuse_unknown(w: LayerWriter, reached: Sequence[str], unknown: Sequence[Sequence[Unknown]]) -> None:
    """A band whose ratio the document does not give refuses only the claims that reach it."""
    for condition, numbers in zip(reached, unknown, strict=True):
        w.e.refuse_where(condition, numbers)


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


def _whole(
    w: LayerWriter, end: str, above: str, edges: list[str], ratios: Sequence[Code], scale: int
) -> tuple[Code, list[str]]:
    """The ratio of the band that the amount ends in, and for each band the condition that it is this one."""
    text = at_scale(ratios[-1], scale)
    for edge, ratio in reversed(list(zip(edges, ratios, strict=False))):
        text = f"{at_scale(ratio, scale)} if {end} <= {edge} else {text}"
    below = ["", *(f" and {end} > {edge}" for edge in edges)]
    within = [*(f" and {end} <= {edge}" for edge in edges), ""]
    reached = [f"{above} > 0{low}{high}" for low, high in zip(below, within, strict=True)]
    return Code(w.let("ratio", text), "rate", scale), reached


def _marginal(
    w: LayerWriter, start: str, end: str, edges: list[str], ratios: Sequence[Code], scale: int
) -> tuple[list[tuple[str, str]], list[str]]:
    """For each band the part that lies in it with its ratio, and the condition that something does."""
    position, pieces, reached = start, [], []
    rising = start == "0" and all(edge.isdigit() for edge in edges) and edges == sorted(edges, key=int)
    for index, ratio in enumerate(ratios):
        upper = end
        if index < len(edges):
            edge = edges[index]
            if position != "0" and not rising:
                edge = w.let("upto", f"{edge} if {edge} > {position} else {position}")
            upper = w.smaller("upto", edge, end)
        part = upper if position == "0" else w.let("part", f"{upper} - {position}")
        pieces.append((part, at_scale(ratio, scale)))
        reached.append(f"{part} > 0")
        position = upper
    return pieces, reached


def _ratio(w: LayerWriter, tier: Tier, number: int, above: str) -> tuple[Code, list[Unknown]]:
    """The ratio of one band after all adjustments, between nothing and everything; and what of it the document lacks."""
    quantity, name, known = tier.ratio, f"ratio{number}", len(w.e.unknowns)
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
    lacking, w.e.unknowns[known:] = w.e.unknowns[known:], []
    return code, lacking


def _round(
    w: LayerWriter, product: str, scale: int, formula: str, template: str, refs: tuple[FormatOf, ...], above: str
) -> str:
    half_up = w.layer.rounding == "half_up"
    text = f"(2 * {product} + {scale}) // {2 * scale}" if half_up else f"{product} // {scale}"
    raw = w.let("share", text)
    formula += "，四舍五入到分" if half_up else "，舍去分以下"
    w.show("按比例应付", formula, template, refs, yuan(raw), exact=(product, scale), show=above)
    return raw


def _by_payment(
    w: LayerWriter, above: str, edges: list[str], ratios: Sequence[Code], scale: int
) -> tuple[str, list[str], Reach]:
    """Bands whose edges lie on the cumulative payment: each edge is inverted to cost, exactly.

    Walking up the bands, ``cost / by`` is the cost not yet placed. A band with room ``R`` left takes cost ``R / ratio``;
    if more is left than that, the band pays ``R`` and the rest goes on, so that only the last band reached gives a fraction.
    A band that earlier payments have filled is passed over. Gives the share, for each band the condition that it is reached,
    and the bands turned round.
    """
    bands = w.layer.bands
    paid = w.e.accumulator(bands.counts, bands.place) if bands.counts else "0"
    ratios, scale = _in_lowest_terms(ratios, scale)
    if scale ** len(ratios) > MOST_EXACT:
        w.e.report(bands.place, "按支付额分段的段数或比例的位数过多，无法精确到分", "请减少分段，或改用按费用分段")
    cost, by, below = above, "1", paid
    full, number, denominator = "0", "0", str(scale)
    rooms: list[str] = []
    reached: list[str] = []
    pays: list[
        tuple[str, str]
    ] = []  # per band: what fills it, and the product that is rounded if it is the last reached
    for index, ratio in enumerate(ratios):
        share = w.let("bandcost", f"{cost} * {at_scale(ratio, scale)}")
        whole, part = "0", share
        if index < len(edges):
            room = w.positive("bandroom", f"{edges[index]} - {below}")
            rooms.append(room)
            filled = w.let("filled", f"{room} * {scale}" if by == "1" else f"{room} * {scale} * {by}")
            stays = w.let("stays", f"1 if {room} > 0 and {share} <= {filled} else 0")
            part = w.let("partial", f"{share} if {stays} == 1 else 0")
            whole = w.let("whole", f"0 if {stays} == 1 else {room}")
            reached.append(f"{cost} > 0 and {room} > 0")
        else:
            reached.append(f"{cost} > 0")
        pays.append((whole, part))
        under = str(scale) if by == "1" else w.let("under", f"{scale} * {by}")
        denominator = under if denominator == under else w.let("under", f"{under} if {part} > 0 else {denominator}")
        number = part if number == "0" else w.let("number", f"{number} + {part}")
        if index < len(edges):
            full = whole if full == "0" else w.let("whole", f"{full} + {whole}")
            below = w.let("below", f"{edges[index]} if {edges[index]} > {below} else {below}")
            placed = w.let("placed", f"1 if {stays} == 0 and {room} > 0 else 0")
            left = w.let("cost", f"{share} - {filled} if {placed} == 1 else {cost}")
            cost = w.let("cost", f"0 if {stays} == 1 else {left}")
            by = w.let("by", f"{by} * {at_scale(ratio, scale)} if {placed} == 1 else {by}")
    w.e.max_scale = max(w.e.max_scale, scale ** len(ratios))
    raw = w.let("share", f"{full} + (2 * {number} + {denominator}) // (2 * {denominator})")
    _show_by_payment(w, (above, paid, raw), edges, ratios, [_pays(w, raw, full, *each) for each in pays])
    turned = [(room, at_scale(ratio, scale)) for room, ratio in zip([*rooms, ""], ratios, strict=True)]
    return raw, reached, reach_by_payment(w, turned, scale)


def _in_lowest_terms(ratios: Sequence[Code], scale: int) -> tuple[list[Code], int]:
    """Ratios at one scale; 50 %, 60 %, 80 % are tenths, so that more bands of them stay exact."""
    same = [replace(ratio, text=at_scale(ratio, scale), scale=scale) for ratio in ratios]
    if not all(ratio.text.isdigit() for ratio in same):
        return same, scale
    shared = gcd(scale, *(int(ratio.text) for ratio in same))
    return [
        replace(ratio, text=str(int(ratio.text) // shared), scale=scale // shared) for ratio in same
    ], scale // shared


def _pays(w: LayerWriter, raw: str, full: str, whole: str, part: str) -> str:
    """What a band pays in fen: all it had room for, or what is left of the share; together they are the share."""
    left = f"{raw} - {full} if {part} > 0 else {whole}" if full != "0" else f"{raw} if {part} > 0 else {whole}"
    return w.let("bandpaid", left)


def _show_by_payment(
    w: LayerWriter, amounts: tuple[str, str, str], edges: list[str], ratios: Sequence[Code], pays: list[str]
) -> None:
    """The step with what each band pays."""
    above, paid, raw = amounts
    refs, parts = [yuan(above), yuan(paid)], []
    for index, (ratio, amount) in enumerate(zip(ratios, pays, strict=True)):
        at = len(refs)
        refs += [rate_of(ratio), yuan(amount)]
        limit = ""
        if index < len(edges):
            refs.append(yuan(edges[index]))
            limit = f"累计支付至{{{at + 2}}}，"
        parts.append(f"第{index + 1}段（{limit}{{{at}}}）{{{at + 1}}}")
    template = f"费用{{0}}，此前已支付{{1}}：{' + '.join(parts)}"
    words = "各段按累计支付额分界(折算为费用)，各段支付之和，四舍五入到分"
    w.show("按比例应付", words, template, tuple(refs), yuan(raw), show=above)
