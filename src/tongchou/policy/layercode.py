"""Turns one layer into integer code: base, cost caps, deductible, bands, adjustments, payment caps, what is left."""

from __future__ import annotations

from dataclasses import replace
from math import lcm

from tongchou.policy.emitter import Emitter
from tongchou.policy.model import Adjustment, Cap, Deductible, Layer, NthRule, Quantity
from tongchou.policy.program import Check, Display, FormatOf, LayerInfo
from tongchou.policy.typed import Code, at_scale
from tongchou.policy.vocabulary import COMPONENT_TITLES
from tongchou.policy.wording import adjustment_in_words, table_facts

NO_LIMIT = 10**15
"""In place of a limit whose condition does not hold; above every amount that the interface can carry."""


def yuan(variable: str) -> FormatOf:
    """Show as yuan."""
    return (variable, "yuan", 1)


def rate_of(code: Code) -> FormatOf:
    """Show as percent."""
    return (code.text, "rate", code.scale)


class LayerCode:
    """Writes one layer. ``components`` maps each component to the variable that holds it; it is updated."""

    def __init__(self, emitter: Emitter, layer: Layer, number: int, components: dict[str, str]) -> None:
        self.e = emitter
        self.layer = layer
        self.tag = f"l{number}_"
        self.components = components
        self.payment_caps: list[tuple[Cap, str]] = []
        self.cost_limits: list[tuple[Cap, str]] = []
        self.feeds: dict[str, tuple[str, Cap | Layer | Deductible]] = {}
        self.paid = ""
        self.deductible = "0"
        self.first_ratio = Code("0", "rate", 0)

    def write(self) -> LayerInfo:
        """Write the layer's code; afterwards ``paid``, ``deductible`` and ``first_ratio`` name its variables."""
        layer = self.layer
        base = self._base()
        counted, over = self._cost_caps(base)
        before = self.e.accumulator(layer.cumulate_base, layer.place) if layer.cumulate_base else ""
        total = self.e.let(self.tag + "total", f"{before} + {counted}") if before else counted
        if before:
            self._show(
                "累计计算基数",
                "本年已累计 + 本次计入",
                "{0} + {1}",
                (yuan(before), yuan(counted)),
                yuan(total),
                show=counted,
            )
        self.deductible = self._deductible(total)
        above = self.e.let(self.tag + "above", f"{total} - {self.deductible}") if layer.deductible else total
        if layer.deductible:
            refs = (yuan(total), yuan(self.deductible))
            self._show("起付标准以上费用", "计入费用 − 起付标准", "{0} − {1}", refs, yuan(above), show=base)
        raw = self._share(total, above)
        share = self._less_paid(raw, counted) if before else raw
        self.paid = self._payment_caps(share)
        self._leave(counted, above, raw, over)
        self._feed(counted)
        self.e.refuse_unknowns(above)
        return LayerInfo(layer.id, layer.title, layer.fund, layer.place.cite, self.first_ratio.scale)

    # -- what the layer counts ------------------------------------------------------------------------------------

    def _base(self) -> str:
        parts = [self.components[name] for name in self.layer.base]
        text = " + ".join(parts)
        when = self.e.condition(self.layer.when) if self.layer.when else ""
        base = self.e.let(self.tag + "base", f"{text} if {when} else 0" if when else text)
        names = " + ".join(COMPONENT_TITLES[name] for name in self.layer.base)
        template = " + ".join(f"{{{index}}}" for index in range(len(parts)))
        self._show("计算基数", names, template, tuple(yuan(part) for part in parts), yuan(base), show=base)
        return base

    def _cost_caps(self, base: str) -> tuple[str, list[tuple[str, str]]]:
        counted, over = base, []
        for cap in self.layer.caps:
            if cap.on == "cost":
                before, used, limit = counted, self._used(cap), self._limit(cap)
                room = self._room(limit, used)
                self.cost_limits.append((cap, limit))
                counted = self.e.smaller(self.tag + "counted", before, room)
                over.append((cap.rest_to, self.e.let(self.tag + "over", f"{before} - {counted}")))
                self._show_cap(cap, "本次费用", before, limit, used, counted)
        for cap in self.layer.caps:
            if cap.on == "cost" and cap.counts:
                self._will_feed(cap.counts, counted, cap)
        return counted, over

    def _used(self, cap: Cap) -> str:
        return self.e.accumulator(cap.counts, cap.place) if cap.counts else ""

    def _limit(self, cap: Cap) -> str:
        limit = self.e.quantity(cap.amount, self.tag + "limit")[0].text
        if cap.when is None:
            return limit
        return self.e.let(self.tag + "limit", f"{limit} if {self.e.condition(cap.when)} else {NO_LIMIT}")

    def _room(self, limit: str, used: str) -> str:
        return self.e.positive(self.tag + "room", f"{limit} - {used}") if used else self.e.let(self.tag + "room", limit)

    def _show_cap(self, cap: Cap, what: str, before: str, limit: str, used: str, after: str) -> None:
        formula = f"{what}与({cap.title} − 已累计)取小" if used else f"{what}与{cap.title}取小"
        template = "min({0}, {1} − {2})" if used else "min({0}, {1})"
        refs = (yuan(before), yuan(limit), yuan(used)) if used else (yuan(before), yuan(limit))
        show = before
        if cap.when is not None:
            show = self.e.let(self.tag + "shown", f"{before} if {limit} < {NO_LIMIT} else 0")
        self._show(cap.title, formula, template, refs, yuan(after), cite=cap.place.cite, show=show)

    # -- deductible -------------------------------------------------------------------------------------------------

    def _deductible(self, total: str) -> str:
        rule = self.layer.deductible
        if rule is None:
            return "0"
        amount, _ = self.e.quantity(rule.amount, self.tag + "deductible")
        self._show(
            "起付标准",
            self._label("起付标准", rule.amount),
            "{0}",
            (yuan(amount.text),),
            yuan(amount.text),
            cite=rule.place.cite,
            show=total,
        )
        for adjustment in rule.adjust:
            amount = self._adjust(amount, adjustment, "起付标准", total)
        line = self._nth(rule.nth, amount.text, total) if rule.nth else amount.text
        if rule.counts:
            line = self._not_yet_borne(rule, line, total)
        for cap in rule.sum_caps:
            used, limit = self._used(cap), self._limit(cap)
            before, line = line, self.e.smaller(self.tag + "line", line, self._room(limit, used))
            self._show_cap(cap, "本次起付标准", before, limit, used, line)
        borne = self.e.smaller(self.tag + "borne", line, total)
        for counter in {rule.counts, *(cap.counts for cap in rule.sum_caps)} - {""}:
            self._will_feed(counter, borne, rule)
        return borne

    def _not_yet_borne(self, rule: Deductible, line: str, total: str) -> str:
        used = self.e.accumulator(rule.counts, rule.place)
        left = self.e.positive(self.tag + "line", f"{line} - {used}")
        self._show(
            "尚需负担的起付标准", "起付标准 − 已累计负担", "{0} − {1}", (yuan(line), yuan(used)), yuan(left), show=total
        )
        return left

    def _nth(self, rule: NthRule, amount: str, total: str) -> str:
        """The n-th visit of the period: factors (the last one repeats), then a fixed amount, or a subtraction each time."""
        earlier = self.e.accumulator(rule.counts, rule.place)
        if rule.subtract is not None:
            step, _ = self.e.quantity(rule.subtract, self.tag + "step")
            line = self.e.positive(self.tag + "line", f"{amount} - {earlier} * {step.text}")
        else:
            codes = [self.e.quantity(factor, self.tag + "factor")[0] for factor in rule.factors]
            scale = lcm(*(code.scale for code in codes))
            text = at_scale(codes[-1], scale)
            for index in range(len(codes) - 2, -1, -1):
                text = f"{at_scale(codes[index], scale)} if {earlier} == {index} else {text}"
            factor = self.e.let(self.tag + "factor", text)
            line = self.e.let(self.tag + "line", f"(2 * {amount} * {factor} + {scale}) // {2 * scale}")
            if rule.then is not None:
                then, _ = self.e.quantity(rule.then, self.tag + "then")
                line = self.e.let(self.tag + "line", f"{then.text} if {earlier} >= {len(codes)} else {line}")
        if rule.floor is not None:
            floor, _ = self.e.quantity(rule.floor, self.tag + "floor")
            lowest = self.e.smaller(self.tag + "lowest", floor.text, amount)
            line = self.e.let(self.tag + "line", f"{line} if {line} > {lowest} else {lowest}")
        self._show(
            "本年第n次的起付标准",
            "按本年已有次数调整",
            "{0}(此前{1}次)",
            (yuan(amount), (earlier, "int", 1)),
            yuan(line),
            cite=rule.place.cite,
            show=total,
        )
        return line

    # -- bands ----------------------------------------------------------------------------------------------------

    def _share(self, total: str, above: str) -> str:
        """The layer's share of what lies above the deductible, rounded once."""
        bands = self.layer.bands
        start, end = self._measured(total, above)
        edges = [self._edge(tier.upto) for tier in bands.tiers if tier.upto is not None]
        ratios = [
            self._ratio(tier.ratio, fixed=tier.fixed, number=n, above=above) for n, tier in enumerate(bands.tiers)
        ]
        self.first_ratio = ratios[0]
        scale = lcm(*(ratio.scale for ratio in ratios))
        refs: tuple[FormatOf, ...]
        self.e.max_scale = max(self.e.max_scale, scale)
        if len(ratios) == 1:
            exact, refs = f"{above} * {ratios[0].text}", (yuan(above), rate_of(ratios[0]))
            what = "起付标准以上费用" if self.layer.deductible else "计入费用"
            formula, template = f"{what} × 报销比例", "{0} × {1}"
        elif bands.whole:
            chosen = self._whole(end, edges, ratios, scale)
            exact, refs = f"{above} * {chosen.text}", (yuan(above), rate_of(chosen))
            formula, template = "费用 × 所在档次的比例", "{0} × {1}"
        else:
            exact, refs, template = self._marginal(start, end, edges, ratios, scale)
            formula = "各段费用 × 各段比例之和"
        product = self.e.let(self.tag + "exact", exact)
        return self._round(product, scale, formula, template, refs, above)

    def _round(
        self, product: str, scale: int, formula: str, template: str, refs: tuple[FormatOf, ...], above: str
    ) -> str:
        half_up = self.layer.rounding == "half_up"
        text = f"(2 * {product} + {scale}) // {2 * scale}" if half_up else f"{product} // {scale}"
        raw = self.e.let(self.tag + "share", text)
        formula += "，四舍五入到分" if half_up else "，舍去分以下"
        self._show("按比例应付", formula, template, refs, yuan(raw), exact=(product, scale), show=above)
        return raw

    def _measured(self, total: str, above: str) -> tuple[str, str]:
        """Start and end of what is banded, on the scale on which the band edges are measured."""
        bands = self.layer.bands
        start = self.deductible if bands.measure == "gross" and self.layer.deductible else "0"
        width = total if bands.measure == "gross" else above
        if not bands.counts:
            return start, width
        used = self.e.accumulator(bands.counts, bands.place)
        self._will_feed(bands.counts, width, self.layer)
        start_text = used if start == "0" else f"{used} + {start}"
        return self.e.let(self.tag + "start", start_text), self.e.let(self.tag + "end", f"{used} + {width}")

    def _edge(self, quantity: Quantity) -> str:
        return self.e.quantity(quantity, self.tag + "edge")[0].text

    def _whole(self, end: str, edges: list[str], ratios: list[Code], scale: int) -> Code:
        text = at_scale(ratios[-1], scale)
        for edge, ratio in reversed(list(zip(edges, ratios, strict=False))):
            text = f"{at_scale(ratio, scale)} if {end} <= {edge} else {text}"
        return Code(self.e.let(self.tag + "ratio", text), "rate", scale)

    def _marginal(
        self, start: str, end: str, edges: list[str], ratios: list[Code], scale: int
    ) -> tuple[str, tuple[FormatOf, ...], str]:
        position, parts, refs = start, [], []
        for index, ratio in enumerate(ratios):
            upper = end
            if index < len(edges):
                reached = edges[index]
                if position != "0":
                    reached = self.e.let(self.tag + "upto", f"{reached} if {reached} > {position} else {position}")
                upper = self.e.smaller(self.tag + "upto", reached, end)
            part = upper if position == "0" else self.e.let(self.tag + "part", f"{upper} - {position}")
            parts.append(f"{part} * {at_scale(ratio, scale)}")
            refs += [yuan(part), rate_of(ratio)]
            position = upper
        template = " + ".join(f"{{{2 * n}}} × {{{2 * n + 1}}}" for n in range(len(ratios)))
        return " + ".join(parts), tuple(refs), template

    def _ratio(self, quantity: Quantity, *, fixed: bool, number: int, above: str) -> Code:
        code, _ = self.e.quantity(quantity, f"{self.tag}ratio{number}")
        label = "报销比例" if len(self.layer.bands.tiers) == 1 else f"第{number + 1}段报销比例"
        self._show(
            label, self._label(label, quantity), "{0}", (rate_of(code),), None, cite=quantity.place.cite, show=above
        )
        adjustments = () if fixed else self.layer.adjust
        for adjustment in adjustments:
            code = self._adjust(code, adjustment, label, above)
        self.e.checks.append(Check("ratio", code.text, code.scale, quantity.place, f"{self.layer.title}的{label}"))
        if adjustments and not code.text.isdigit():
            floor = self.e.let(f"{self.tag}ratio{number}", f"{code.text} if {code.text} > 0 else 0")
            code = replace(code, text=self.e.smaller(f"{self.tag}ratio{number}", floor, str(code.scale)))
        return code

    # -- adjustments --------------------------------------------------------------------------------------------------

    def _adjust(self, code: Code, adjustment: Adjustment, what: str, show: str) -> Code:
        """One ``add``, ``times``, ``set``, ``at_least`` or ``at_most``, exactly; what it did not touch it leaves."""
        when = self.e.condition(adjustment.when) if adjustment.when else ""
        amount, missing = self.e.quantity(adjustment.amount, self.tag + "adjustment")
        if missing and when:
            _, quantity = self.e.unknowns.pop()
            self.e.unknowns.append((when if missing == "True" else f"{missing} and {when}", quantity))
        if missing == "True":
            return code
        if code.type == "fen" and adjustment.op == "times":
            scale = 1
            new, old = f"(2 * {code.text} * {amount.text} + {amount.scale}) // {2 * amount.scale}", code.text
        elif adjustment.op == "times":
            scale = code.scale * amount.scale
            new, old = f"{code.text} * {amount.text}", at_scale(code, scale)
        else:
            scale = lcm(code.scale, amount.scale)
            old, other = at_scale(code, scale), at_scale(replace(amount, type=code.type), scale)
            new = {
                "add": f"{old} + {other}",
                "set": other,
                "at_least": f"max({old}, {other})",
                "at_most": f"min({old}, {other})",
            }[adjustment.op]
        if missing:
            new = old
        text = f"{new} if {when} else {old}" if when else new
        after = Code(self.e.let(self.tag + "adjusted", text), code.type, scale)
        self._show_adjustment(code, after, adjustment, what, show)
        return after

    def _show_adjustment(self, before: Code, after: Code, adjustment: Adjustment, what: str, show: str) -> None:
        if before.text == after.text:
            return
        form = "rate" if after.type == "rate" else "yuan"
        old, new = (before.text, form, before.scale), (after.text, form, after.scale)
        words = adjustment_in_words(adjustment, self.e.known_facts, self.e.known_accumulators)
        formula = f"{what}{words}"
        self._show(
            f"{what}调整",
            formula,
            "{0} → {1}",
            (old, new),
            None,
            cite=adjustment.place.cite,
            show=show,
            changed=(old, new),
        )

    # -- payment ----------------------------------------------------------------------------------------------------

    def _less_paid(self, raw: str, counted: str) -> str:
        """Of a share computed on the year's total, what is still to be paid, at most what this visit brought."""
        paid = self.e.accumulator(self.layer.cumulate_paid, self.layer.place)
        due = self.e.positive(self.tag + "due", f"{raw} - {paid}")
        now = self.e.smaller(self.tag + "due", due, counted)
        self._will_feed(self.layer.cumulate_base, counted, self.layer)
        self._show("本次应付", "累计应付 − 本年已付", "{0} − {1}", (yuan(raw), yuan(paid)), yuan(now), show=raw)
        return now

    def _payment_caps(self, share: str) -> str:
        paid = share
        self.cuts: list[tuple[str, str]] = []
        for cap in self.layer.caps:
            if cap.on == "payment":
                before, used, limit = paid, self._used(cap), self._limit(cap)
                paid = self.e.smaller(self.tag + "paid", before, self._room(limit, used))
                self.cuts.append((cap.rest_to, self.e.let(self.tag + "cut", f"{before} - {paid}")))
                self.payment_caps.append((cap, self.cuts[-1][1]))
                self._show_cap(cap, "应付金额", before, limit, used, paid)
        for cap in self.layer.caps:
            if cap.on == "payment" and cap.counts:
                self._will_feed(cap.counts, paid, cap)
        if self.layer.cumulate_paid:
            self._will_feed(self.layer.cumulate_paid, paid, self.layer)
        title = f"{self.layer.title}支付"
        self._show(title, "本层基金支付", "{0}", (yuan(paid),), yuan(paid), show=paid, fund=self.layer.fund)
        return paid

    def _leave(self, counted: str, above: str, raw: str, over: list[tuple[str, str]]) -> None:
        if self.layer.in_place:
            self._take_from_components()
            return
        shut = self.e.condition(self.layer.when) if self.layer.when else ""
        for name in self.layer.base:
            held = self.components[name]
            self.components[name] = self.e.let(f"c_{name}", f"0 if {shut} else {held}") if shut else "0"
        self._add("deductible", self.deductible)
        self._add("copay", self.e.let(self.tag + "rest", f"{above} - {raw}"))
        for component, amount in (*over, *self.cuts):
            self._add(component, amount)

    def _take_from_components(self) -> None:
        """Take the payment out of the base components in their written order; what is unpaid stays where it was."""
        left = self.paid
        for index, name in enumerate(self.layer.base):
            held = self.components[name]
            taken = left if index == len(self.layer.base) - 1 else self.e.smaller(self.tag + "taken", left, held)
            self.components[name] = self.e.let(f"c_{name}", f"{held} - {taken}")
            if index < len(self.layer.base) - 1:
                left = self.e.let(self.tag + "left", f"{left} - {taken}")

    def _add(self, component: str, amount: str) -> None:
        held = self.components[component]
        if amount != "0":
            text = amount if held == "0" else f"{held} + {amount}"
            self.components[component] = self.e.let(f"c_{component}", text)

    # -- accumulators and explanation ---------------------------------------------------------------------------------

    def _will_feed(self, counter: str, variable: str, rule: Cap | Layer | Deductible) -> None:
        known = self.feeds.get(counter)
        if known is not None and known[0] != variable:
            self.e.report(rule.place, f"累计项“{counter}”在同一层里累计两种金额", "请为它们分别声明累计项")
        self.feeds[counter] = (variable, rule)

    def _feed(self, counted: str) -> None:
        for counter, (variable, rule) in self.feeds.items():
            self.e.feed(counter, variable, rule.place)
        variables = {"base": counted, "paid": self.paid, "deductible": self.deductible, "one": "1"}
        for feed in self.layer.feeds:
            amount = variables[feed.what]
            when = " and ".join(self.e.condition(rule) for rule in (self.layer.when, feed.when) if rule)
            self.e.feed(feed.to, f"({amount} if {when} else 0)" if when else amount, feed.place)

    def _label(self, title: str, quantity: Quantity) -> str:
        facts = "、".join(f"{{fact:{name}}}" for name in table_facts(quantity, self.e.tables))
        return f"{title}（{facts}）" if facts else title

    def _show(
        self,
        title: str,
        formula: str,
        template: str,
        refs: tuple[FormatOf, ...],
        amount: FormatOf | None,
        *,
        cite: str = "",
        show: str = "",
        exact: tuple[str, int] | None = None,
        fund: str = "",
        changed: tuple[FormatOf, FormatOf] | None = None,
    ) -> None:
        self.e.show(
            Display(
                self.layer.id,
                title,
                formula,
                template,
                refs,
                amount,
                exact,
                fund,
                cite or self.layer.place.cite,
                show,
                changed,
            )
        )
