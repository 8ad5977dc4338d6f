"""What every part of a layer's code needs: names, limits, adjustments, explained steps, accumulators to be fed."""

from __future__ import annotations

from dataclasses import replace
from math import gcd, lcm

from tongchou.policy.emitter import Emitter
from tongchou.policy.model import Adjustment, Cap, Layer, Place, Quantity
from tongchou.policy.program import Check, Display, FormatOf
from tongchou.policy.typed import Code, at_scale
from tongchou.policy.wording import adjustment_in_words, in_words, table_facts

NO_LIMIT = 10**15
"""In place of a limit whose condition does not hold; above every amount that the interface can carry."""


def yuan(variable: str) -> FormatOf:
    """Show as yuan."""
    return (variable, "yuan", 1)


def rate_of(code: Code) -> FormatOf:
    """Show as percent."""
    return (code.text, "rate", code.scale)


class LayerWriter:
    """Writes statements and explained steps of one layer; its variables begin with the layer's number."""

    def __init__(self, emitter: Emitter, layer: Layer, number: int) -> None:
        self.e = emitter
        self.layer = layer
        self.tag = f"l{number}_"
        self.feeds: dict[str, tuple[str, Place]] = {}
        self.sets: dict[str, list[tuple[str, Adjustment]]] = {}

    def let(self, name: str, text: str) -> str:
        """A new variable of this layer."""
        return self.e.let(self.tag + name, text)

    def smaller(self, name: str, a: str, b: str) -> str:
        """The smaller of two atoms."""
        return self.e.smaller(self.tag + name, a, b)

    def positive(self, name: str, text: str) -> str:
        """The positive part."""
        return self.e.positive(self.tag + name, text)

    def quantity(self, quantity: Quantity, name: str) -> Code:
        """A number of the document as an atom; unknown ones count as zero and are refused where they are needed."""
        return self.e.quantity(quantity, self.tag + name)[0]

    def words(self, text: str) -> str:
        """An expression in Chinese words, the results of earlier layers included."""
        found = in_words(text, self.e.known_facts, self.e.known_accumulators)
        for name in sorted(self.e.named_titles, key=len, reverse=True):
            found = found.replace(name, self.e.named_titles[name])
        return found

    # -- limits -----------------------------------------------------------------------------------------------------

    def used(self, cap: Cap) -> str:
        """What the period has used of a limit before; empty where the limit holds for each visit."""
        return self.e.accumulator(cap.counts, cap.place) if cap.counts else ""

    def limit(self, cap: Cap) -> str:
        """The limit itself, or :data:`NO_LIMIT` where its condition does not hold."""
        limit = self.quantity(cap.amount, "limit").text
        if cap.when is None:
            return limit
        return self.let("limit", f"{limit} if {self.e.condition(cap.when)} else {NO_LIMIT}")

    def room(self, limit: str, used: str) -> str:
        """What is left of a limit."""
        return self.positive("room", f"{limit} - {used}") if used else self.let("room", limit)

    def show_cap(self, cap: Cap, what: str, before: str, limit: str, used: str, after: str) -> None:
        """The explained step of a limit."""
        formula = f"{what}与({cap.title} − 已累计)取小" if used else f"{what}与{cap.title}取小"
        template = "min({0}, {1} − {2})" if used else "min({0}, {1})"
        refs = (yuan(before), yuan(limit), yuan(used)) if used else (yuan(before), yuan(limit))
        show = before
        if cap.when is not None:
            show = self.let("shown", f"{before} if {limit} < {NO_LIMIT} else 0")
        self.show(cap.title, formula, template, refs, yuan(after), cite=cap.place.citation, show=show)

    # -- adjustments ------------------------------------------------------------------------------------------------

    def adjust(self, code: Code, adjustment: Adjustment, what: str, show: str) -> Code:
        """One ``add``, ``times``, ``set``, ``at_least`` or ``at_most``, exactly; what it did not touch it leaves."""
        when = self.e.condition(adjustment.when) if adjustment.when else ""
        amount, missing = self.e.quantity(adjustment.amount, self.tag + "adjustment")
        if missing and when:
            _, quantity = self.e.unknowns.pop()
            self.e.unknowns.append((when if missing == "True" else f"{missing} and {when}", quantity))
        if missing == "True":
            return code
        if adjustment.op == "set":
            self._check_sets(what, when or "True", adjustment)
        if adjustment.op == "times" and amount.text.isdigit():  # 90% is 9/10: small scales keep long chains exact
            shared = gcd(int(amount.text), amount.scale)
            amount = replace(amount, text=str(int(amount.text) // shared), scale=amount.scale // shared)
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
        after = Code(self.let("adjusted", text), code.type, scale)
        self._show_adjustment(code, after, adjustment, what, show)
        return after

    def _check_sets(self, what: str, when: str, adjustment: Adjustment) -> None:
        """Two rules that set the same thing to different values must never hold together."""
        known = self.sets.setdefault(what, [])
        for condition, other in known:
            if other.amount.text != adjustment.amount.text:
                named = f"{what}“{other.label}”和“{adjustment.label}”"
                self.e.checks.append(Check("overlap", f"({condition}) and ({when})", 1, adjustment.place, named))
        known.append((when, adjustment))

    def _show_adjustment(self, before: Code, after: Code, adjustment: Adjustment, what: str, show: str) -> None:
        if before.text == after.text:
            return
        form = "rate" if after.type == "rate" else "yuan"
        old, new = (before.text, form, before.scale), (after.text, form, after.scale)
        words = adjustment_in_words(adjustment, self.e.known_facts, self.e.known_accumulators)
        formula = f"{what}{words}"
        self.show(
            f"{what}调整",
            formula,
            "{0} → {1}",
            (old, new),
            None,
            cite=adjustment.place.citation,
            show=show,
            changed=(old, new),
        )

    # -- accumulators and explanation -------------------------------------------------------------------------------

    def will_feed(self, counter: str, variable: str, place: Place) -> None:
        """Have an accumulator fed with a variable once the layer is done."""
        known = self.feeds.get(counter)
        if known is not None and known[0] != variable:
            self.e.report(place, f"累计项“{counter}”在同一层里累计两种金额", "请为它们分别声明累计项")
        self.feeds[counter] = (variable, place)

    def stored(self, variable: str) -> bool:
        """Whether an explained step so far shows a variable: its value is kept with every result, then and later."""
        refs = (ref for display in self.e.displays for ref in (*display.refs, display.amount) if ref is not None)
        return variable.isdigit() or any(ref[0] == variable for ref in refs)

    def label(self, title: str, quantity: Quantity) -> str:
        """A title with the facts by which its table is read."""
        facts = "、".join(
            f"{{fact:{name}}}" for name in table_facts(quantity, self.e.tables) if name in self.e.known_facts
        )
        return f"{title}（{facts}）" if facts else title

    def show(
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
        """Add an explained step; see :class:`~tongchou.policy.program.Display`."""
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
                cite or self.layer.place.citation,
                show,
                changed,
            )
        )
