"""Benefits and layers as sections of the document: deductible, ratios, adjustments, limits, in the order of payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tongchou.policy.model import Bands, Benefit, Cap, Condition, Deductible, Layer, Move, NthRule, Tier
from tongchou.policy.provisions import Block, Entry, Section
from tongchou.policy.scribe import PERIODS, Scribe

MEASURES = {"above_deductible": "起付标准以上的费用", "gross": "含起付标准的费用", "payment": "累计支付额"}
ON = {"cost": "计入费用", "payment": "支付", "deductible": "起付标准"}
FEEDS = {"base": "计入费用", "paid": "支付额", "deductible": "起付标准", "one": "一次"}
Path = tuple[str, ...]


def benefit_section(scribe: Scribe, benefit: Benefit) -> Section:
    """One benefit: who may have it, what is moved beforehand, the layers in the order of payment."""
    title = "、".join(benefit.names)
    address, path = f"benefits/{'+'.join(benefit.names)}", (title,)
    blocks: list[Block] = list(conditions(scribe, f"{address}/requires", path, "享受条件", benefit.requires))
    for move in benefit.moves:
        blocks += _move(scribe, address, path, move)
    if not benefit.layers:
        place = benefit.place
        blocks.append(scribe.say(f"{address}/layers", path, "基金支付", "基金不支付，由个人负担", place))
    if benefit.uncovered_to != "uncovered":
        words = scribe.component(benefit.uncovered_to)
        blocks.append(scribe.say(f"{address}/uncovered_to", path, "未被任何基金计入的费用", words, benefit.place))
    layers = tuple(
        _layer(scribe, f"{address}/{layer.id}", path, number, layer) for number, layer in enumerate(benefit.layers, 1)
    )
    return Section(title, benefit.place.citation, tuple(blocks), layers)


def conditions(
    scribe: Scribe, address: str, path: Path, label: str, found: Sequence[Condition], detail: str = ""
) -> list[Entry]:
    """Conditions with their reasons."""
    return [
        scribe.say(
            f"{address}/{item.because}", path, label, item.because, item.place,
            "；".join(part for part in (scribe.condition(item), "、".join(item.benefits), detail) if part),
        )
        for item in found
    ]  # fmt: skip


def _move(scribe: Scribe, address: str, path: Path, move: Move) -> list[Block]:
    quantity = move.ratio or move.amount
    if quantity is None:
        return []
    detail = f"从{scribe.component(move.of)}转入{scribe.component(move.to)}，先于各基金"
    if move.when:
        detail += f"；{scribe.condition(move.when)}"
    return scribe.quantity(f"{address}/moves/{move.title}", path, move.title, quantity, detail)


def _layer(scribe: Scribe, address: str, path: Path, number: int, layer: Layer) -> Section:
    here = (*path, layer.title)
    fund = scribe.pack.funds.get(layer.fund, "")
    say = scribe.say
    blocks: list[Block] = [
        say(f"{address}/pays_from", here, "支付基金", f"{fund}（{layer.fund}）", layer.place),
        say(f"{address}/base", here, "计入费用", scribe.components(layer.base), layer.place),
    ]
    if layer.when:
        blocks.append(say(f"{address}/when", here, "适用条件", scribe.condition(layer.when), layer.place))
    if layer.cumulate_base:
        words = "按累计的计入费用算出应付，减去已付"
        detail = f"{scribe.counter(layer.cumulate_base)}；{scribe.counter(layer.cumulate_paid)}"
        blocks.append(say(f"{address}/cumulate", here, "计算方法", words, layer.place, detail))
    if layer.deductible:
        blocks += _deductible(scribe, f"{address}/deductible", here, layer.deductible)
    if layer.amount is not None:
        blocks += scribe.quantity(f"{address}/amount", here, "支付金额", layer.amount)
    blocks += _bands(scribe, f"{address}/bands", here, layer.bands)
    for item in layer.adjust:
        blocks += scribe.adjustment(f"{address}/adjust", (*here, "比例调整"), item)
    for cap in layer.caps:
        blocks += _cap(scribe, f"{address}/caps", here, cap)
    if layer.rounding == "trunc":
        blocks.append(say(f"{address}/rounding", here, "舍入", "舍去分以下", layer.place))
    blocks += _feeds(scribe, address, here, layer)
    return Section(f"{number}. {layer.title}", layer.place.citation, tuple(blocks))


def _feeds(scribe: Scribe, address: str, path: Path, layer: Layer) -> list[Block]:
    found: list[Block] = []
    for feed in layer.feeds:
        words = f"{scribe.counter(feed.to)}加{FEEDS[feed.what]}"
        if feed.times is not None:
            words += f"，计 {scribe.amount(feed.times)} 次"
        found.append(
            scribe.say(f"{address}/feeds/{feed.to}", path, "累计", words, feed.place, scribe.condition(feed.when))
        )
    return found


def _deductible(scribe: Scribe, address: str, path: Path, rule: Deductible) -> list[Block]:
    period = rule.counts.partition(".")[0] or "visit"
    detail = PERIODS.get(period, period)
    if rule.counts:
        detail += f"，已负担的从中减去：{scribe.counter(rule.counts)}"
    blocks = scribe.quantity(f"{address}/amount", path, "起付标准", rule.amount, detail)
    for item in rule.adjust:
        blocks += scribe.adjustment(f"{address}/adjust", (*path, "起付标准调整"), item)
    if rule.nth:
        blocks += _nth(scribe, f"{address}/nth", path, rule.nth)
    for item in rule.adjust_after_nth:
        blocks += scribe.adjustment(f"{address}/adjust_after_nth", (*path, "起付标准再调整"), item)
    for cap in rule.sum_caps:
        blocks += _cap(scribe, f"{address}/sum_caps", path, cap)
    return blocks


def _nth(scribe: Scribe, address: str, path: Path, rule: NthRule) -> list[Block]:
    detail = f"按{scribe.counter(rule.counts)}"
    if rule.when:
        detail += f"；{scribe.condition(rule.when)}"
    blocks: list[Block] = []
    for number, factor in enumerate(rule.factors, 1):
        last = "及以后" if number == len(rule.factors) and rule.then is None else ""
        label = f"第{number}次{last}起付标准的系数"
        blocks += scribe.quantity(f"{address}/factors/{number}", path, label, factor, detail)
    named = (
        ("then", "之后各次的起付标准", rule.then),
        ("subtract", "每多一次，起付标准减少", rule.subtract),
        ("reduce", "每多一次，起付标准降低", rule.reduce),
        ("floor", "起付标准最低", rule.floor),
    )
    for key, label, quantity in named:
        if quantity is not None:
            blocks += scribe.quantity(f"{address}/{key}", path, label, quantity, detail)
    return blocks


def _bands(scribe: Scribe, address: str, path: Path, bands: Bands) -> list[Block]:
    tiers = bands.tiers
    if not tiers:
        return []
    how = "整额套一个档次" if bands.whole else "分段计算" if len(tiers) > 1 else ""
    detail = f"{how}，按{MEASURES[bands.measure]}" if how else ""
    if bands.counts:
        detail = f"{detail}；累计：{scribe.counter(bands.counts)}".lstrip("；")
    written = tiers if bands.rule is None else [tier for tier in tiers if tier.ratio.place != bands.rule[2].place]
    blocks: list[Block] = []
    lower = "起付标准以上" if bands.measure == "above_deductible" else "0 元以上"
    for number, tier in enumerate(written, 1):
        last = tier is tiers[-1]
        label = _band_label(scribe, lower, tier, only=len(tiers) == 1)
        fixed = "；不受调整" if tier.fixed else ""
        if tier.upto is not None:
            edge = f"{address}/{number}/to"
            blocks += scribe.quantity(edge, path, f"第{number}段上限", tier.upto, detail)
            lower = f"{scribe.amount(tier.upto)}以上"
        ratio = f"{address}/{'last' if last else number}/ratio"
        name = f"支付比例（{label}）" if label else "支付比例"
        blocks += scribe.quantity(ratio, path, name, tier.ratio, (detail + fixed).lstrip("；"))
    if bands.rule is not None:
        width, step, highest = bands.rule
        place = replace(width.place, span=(0, 0))
        words = f"每 {scribe.amount(width)}提高 {scribe.amount(step)}，最高 {scribe.amount(highest)}"
        blocks.append(scribe.say(f"{address}/rule", path, f"支付比例（{lower}）", words, place, detail))
    return blocks


def _band_label(scribe: Scribe, lower: str, tier: Tier, *, only: bool) -> str:
    if only:
        return ""
    if tier.upto is None:
        return lower
    return f"{lower}至 {scribe.amount(tier.upto)}" if lower else scribe.amount(tier.upto)


def _cap(scribe: Scribe, address: str, path: Path, cap: Cap) -> list[Block]:
    period = cap.counts.partition(".")[0] or "visit"
    parts = [f"{PERIODS.get(period, period)}，限{ON[cap.on]}"]
    if cap.on != "deductible":
        beyond = "到达限额以后的费用" if cap.moves == "cost" else "以上"
        parts.append(f"{beyond}归入{scribe.component(cap.rest_to)}")
    if cap.counts:
        parts.append(scribe.counter(cap.counts))
    if cap.when:
        parts.append(scribe.condition(cap.when))
    if cap.acknowledged:
        parts.append(f"原文的问题 {cap.acknowledged}：{cap.note}")
    return scribe.quantity(f"{address}/{cap.title}/amount", path, cap.title, cap.amount, "；".join(parts))
