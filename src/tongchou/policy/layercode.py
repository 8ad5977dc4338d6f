"""Turns one layer into integer code: base, cost caps, deductible, bands, payment caps, what is left, counters."""

from __future__ import annotations

from tongchou.policy.bandcode import write_share
from tongchou.policy.deductiblecode import write_deductible
from tongchou.policy.emitter import Emitter
from tongchou.policy.layerwriter import LayerWriter, yuan
from tongchou.policy.model import Cap, Layer, Quantity
from tongchou.policy.program import LayerInfo
from tongchou.policy.reachcode import Reach
from tongchou.policy.typed import Code


class LayerCode(LayerWriter):
    """Writes one layer. ``components`` maps each component to the variable that holds it; it is updated."""

    def __init__(self, emitter: Emitter, layer: Layer, number: int, components: dict[str, str]) -> None:
        super().__init__(emitter, layer, number)
        self.components = components
        self.cost_limits: list[tuple[Cap, str]] = []
        self.payment_caps: list[tuple[Cap, str]] = []
        self.moved: list[tuple[str, str]] = []
        self.handed: list[tuple[str, str]] = []
        self.paid = ""
        self.reach: Reach = lambda paid: paid
        self.deductible = "0"
        self.first_ratio = Code("0", "rate", 0)

    def write(self) -> LayerInfo:
        """Write the layer's code; afterwards ``paid``, ``deductible`` and ``first_ratio`` name its variables."""
        layer = self.layer
        base = self._base()
        counted = self._cost_caps(base)
        before = self.e.accumulator(layer.cumulate_base, layer.place) if layer.cumulate_base else ""
        total = self.let("total", f"{before} + {counted}") if before else counted
        if before:
            self.show(
                "累计计算基数",
                "本年已累计 + 本次计入",
                "{0} + {1}",
                (yuan(before), yuan(counted)),
                yuan(total),
                show=counted,
            )
        if layer.deductible:
            self.deductible, line = write_deductible(self, layer.deductible, total)
        above = self.let("above", f"{total} - {self.deductible}") if layer.deductible else total
        if layer.deductible:
            least = (self.deductible, f"least:{line}", 1) if self.stored(line) else yuan(self.deductible)
            refs = (yuan(total), least)
            self.show("起付标准以上费用", "计入费用 − 起付标准", "{0} − {1}", refs, yuan(above), show=base)
        if layer.amount is None:
            raw, self.first_ratio, self.reach = write_share(self, total, above, self.deductible)
        else:
            raw = self._fixed(layer.amount, above)
        needed = above
        if before:
            above = self._above_of_visit(before, counted)
            raw = self._less_paid(raw, above)
            self.will_feed(layer.cumulate_base, counted, layer.place)
        above, raw = self._cost_handed_on(above, raw)
        self.paid = self._payment_caps(raw)
        self._leave(above, raw)
        self._feed(counted)
        self._name_results(counted)
        self.e.refuse_unknowns(needed)
        return LayerInfo(layer.id, layer.title, layer.fund, layer.place.citation, self.first_ratio.scale)

    def _fixed(self, amount: Quantity, above: str) -> str:
        """The amount that the layer pays instead of a share by bands, at most what there is to pay."""
        code = self.quantity(amount, "fixed")
        raw = self.smaller("share", self.positive("share", code.text), above)
        refs = (yuan(code.text), yuan(above))
        self.show(
            "应付金额", f"{self.words(amount.text)}，不超过计入费用", "min({0}, {1})", refs, yuan(raw), show=above
        )
        return raw

    def _name_results(self, counted: str) -> None:
        """Later layers may use what this one counted, paid and left as its deductible."""
        named = {
            "base": (counted, "计入费用"),
            "paid": (self.paid, "支付"),
            "deductible": (self.deductible, "起付标准"),
        }
        for what, (variable, title) in named.items():
            self.e.name_result(f"layer.{self.layer.id}.{what}", Code(variable, "fen"), f"{self.layer.title}{title}")

    # -- what the layer counts --------------------------------------------------------------------------------------

    def _base(self) -> str:
        parts = [self.components[name] for name in self.layer.base]
        text = " + ".join(parts)
        when = self.e.condition(self.layer.when) if self.layer.when else ""
        base = self.let("base", f"{text} if {when} else 0" if when else text)
        names = " + ".join(self.e.component_titles[name] for name in self.layer.base)
        template = " + ".join(f"{{{index}}}" for index in range(len(parts)))
        self.show("计算基数", names, template, tuple(yuan(part) for part in parts), yuan(base), show=base)
        return base

    def _cost_caps(self, base: str) -> str:
        counted = base
        for cap in self.layer.caps:
            if cap.on == "cost":
                before, used, limit = counted, self.used(cap), self.limit(cap)
                room = self.room(limit, used)
                self.cost_limits.append((cap, limit))
                counted = self.smaller("counted", before, room)
                self.moved.append((cap.rest_to, self.let("over", f"{before} - {counted}")))
                self.show_cap(cap, "本次费用", before, limit, used, counted)
        for cap in self.layer.caps:
            if cap.on == "cost" and cap.counts:
                self.will_feed(cap.counts, counted, cap.place)
        return counted

    # -- what it pays and leaves --------------------------------------------------------------------------------------

    def _above_of_visit(self, before: str, counted: str) -> str:
        """Of what this visit brought, what does not belong to the year's deductible.

        A layer that splits its base takes this visit's part of the deductible out; one that pays in place leaves it where
        it is, and may pay up to all that the visit brought.
        """
        if self.layer.in_place or self.deductible == "0":
            return counted
        borne = self.smaller("borne", self.deductible, before)
        self.deductible = self.let("borne", f"{self.deductible} - {borne}")
        return self.let("above", f"{counted} - {self.deductible}")

    def _less_paid(self, raw: str, counted: str) -> str:
        """Of a share computed on the year's total, what is still to be paid, at most what this visit brought."""
        paid = self.e.accumulator(self.layer.cumulate_paid, self.layer.place)
        due = self.positive("due", f"{raw} - {paid}")
        now = self.smaller("due", due, counted)
        self.show("本次应付", "累计应付 − 本年已付", "{0} − {1}", (yuan(raw), yuan(paid)), yuan(now), show=raw)
        return now

    def _cost_handed_on(self, above: str, share: str) -> tuple[str, str]:
        """Limits that hand on the cost above the point where they are reached; what is left of the cost and of its share."""
        for cap in self.layer.caps:
            if cap.on == "payment" and cap.moves == "cost":
                before, used, limit = share, self.used(cap), self.limit(cap)
                share = self.smaller("paid", before, self.room(limit, used))
                cut = self.let("cut", f"{before} - {share}")
                self.payment_caps.append((cap, cut))
                self.show_cap(cap, "应付金额", before, limit, used, share)
                held, reached = above, self.reach(share)
                moved = self.let("handed", f"{held} - {reached} if {cut} > 0 else 0")
                above = self.let("above", f"{held} - {moved}")
                self.moved.append((cap.rest_to, moved))
                self.handed.append((cap.rest_to, moved))
                what = "起付标准以上费用" if self.layer.deductible else "计入费用"
                words = f"{what} − 到达限额的费用(限额按比例折算，四舍五入到分)"
                self.show(
                    f"{cap.title}以上的费用", words, "{0} − {1}", (yuan(held), yuan(above)), yuan(moved),
                    cite=cap.place.citation, show=moved,
                )  # fmt: skip
        return above, share

    def _payment_caps(self, share: str) -> str:
        paid = share
        for cap in self.layer.caps:
            if cap.on == "payment" and cap.moves != "cost":
                before, used, limit = paid, self.used(cap), self.limit(cap)
                paid = self.smaller("paid", before, self.room(limit, used))
                cut = self.let("cut", f"{before} - {paid}")
                self.moved.append((cap.rest_to, cut))
                self.payment_caps.append((cap, cut))
                self.show_cap(cap, "应付金额", before, limit, used, paid)
        for cap in self.layer.caps:
            if cap.on == "payment" and cap.counts:
                self.will_feed(cap.counts, paid, cap.place)
        if self.layer.bands.measure == "payment" and self.layer.bands.counts:
            self.will_feed(self.layer.bands.counts, paid, self.layer.bands.place)
        if self.layer.cumulate_paid:
            self.will_feed(self.layer.cumulate_paid, paid, self.layer.place)
        title = f"{self.layer.title}支付"
        self.show(title, "本层基金支付", "{0}", (yuan(paid),), yuan(paid), show=paid, fund=self.layer.fund)
        return paid

    def _leave(self, above: str, raw: str) -> None:
        if self.layer.in_place:
            self._take_from_components()
            return
        shut = self.e.condition(self.layer.when) if self.layer.when else ""
        for name in self.layer.base:
            held = self.components[name]
            self.components[name] = self.e.let(f"c_{name}", f"0 if {shut} else {held}") if shut else "0"
        self._add("deductible", self.deductible)
        self._add("copay", self.let("rest", f"{above} - {raw}"))
        for component, amount in self.moved:
            self._add(component, amount)

    def _take_from_components(self) -> None:
        """Take the payment out of the base components in their written order; what is unpaid stays where it was."""
        left = self.paid
        for index, name in enumerate(self.layer.base):
            held = self.components[name]
            taken = left if index == len(self.layer.base) - 1 else self.smaller("taken", left, held)
            self.components[name] = self.e.let(f"c_{name}", f"{held} - {taken}")
            if index < len(self.layer.base) - 1:
                left = self.let("left", f"{left} - {taken}")
        for component, amount in self.handed:
            name = self.layer.base[-1]
            self.components[name] = self.e.let(f"c_{name}", f"{self.components[name]} - {amount}")
            self._add(component, amount)

    def _add(self, component: str, amount: str) -> None:
        held = self.components[component]
        if amount != "0":
            text = amount if held == "0" else f"{held} + {amount}"
            self.components[component] = self.e.let(f"c_{component}", text)

    def _feed(self, counted: str) -> None:
        for counter, (variable, place) in self.feeds.items():
            self.e.feed(counter, variable, place)
        variables = {"base": counted, "paid": self.paid, "deductible": self.deductible, "one": "1"}
        for feed in self.layer.feeds:
            amount = variables[feed.what]
            if feed.times is not None:
                amount = self.positive("times", self.quantity(feed.times, "times").text)
            when = " and ".join(self.e.condition(rule) for rule in (self.layer.when, feed.when) if rule)
            self.e.feed(feed.to, f"({amount} if {when} else 0)" if when else amount, feed.place)
