"""The cost at which a layer's payment reaches a limit: the bands turned round, exactly, rounded half up to the fen.

A limit may hand on the cost above that point (``moves: cost``) instead of the payment that it cuts off. What is written here
counts only where the limit is reached, so that the payment ends within a band whose ratio is above zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tongchou.policy.layerwriter import LayerWriter

Reach = Callable[[str], str]
"""Writes the code: the variable of a payment (fen, at most the whole share) → the variable of the cost at which it is reached."""


def reach_of(w: LayerWriter, pieces: Sequence[tuple[str, str]], scale: int) -> Reach:
    """For bands of cost.

    Args:
        pieces: for each band what of the cost lies in it, and the numerator of its ratio over ``scale``.
    """

    def one(paid: str) -> str:
        ((_, ratio),) = pieces
        by = ratio if ratio.isdigit() else w.let("by", f"{ratio} if {ratio} > 0 else 1")
        return "0" if by == "0" else w.let("reached", f"(2 * {paid} * {scale} + {by}) // (2 * {by})")

    def several(paid: str) -> str:
        """Walk up the bands; ``left`` is what is still to be paid, over ``scale``. A band that would pay more is the last."""
        left, full, number, by, goes_on = w.let("left", f"{paid} * {scale}"), "0", "0", "1", "1"
        for part, ratio in pieces:
            worth = w.let("worth", f"{part} * {ratio}")
            last = w.let("last", f"1 if {goes_on} == 1 and ({worth} > {left} or {left} == 0) else 0")
            number = w.let("number", f"{left} if {last} == 1 else {number}")
            by = w.let("by", f"{ratio} if {last} == 1 and {worth} > {left} else {by}")
            goes_on = w.let("goeson", f"1 if {goes_on} == 1 and {last} == 0 else 0")
            full = w.let("full", f"{full} + {part} if {goes_on} == 1 else {full}")
            left = w.let("left", f"{left} - {worth} if {goes_on} == 1 else {left}")
        return w.let("reached", f"{full} + (2 * {number} + {by}) // (2 * {by})")

    return one if len(pieces) == 1 else several


def reach_by_payment(w: LayerWriter, bands: Sequence[tuple[str, str]], scale: int) -> Reach:
    """For bands whose edges lie on the payment.

    Args:
        bands: for each band what it may still pay (empty: without end), and the numerator of its ratio over ``scale``.
    """

    def reach(paid: str) -> str:
        """``cost / by`` is the cost of what the bands so far have paid."""
        left, cost, by = paid, "0", "1"
        for room, ratio in bands:
            taken = w.smaller("taken", room, left) if room else left
            here = f"{taken} > 0" if ratio.isdigit() and ratio != "0" else f"{taken} > 0 and {ratio} > 0"
            cost = w.let("cost", f"{cost} * {ratio} + {taken} * {scale} * {by} if {here} else {cost}")
            by = w.let("by", f"{by} * {ratio} if {here} else {by}")
            left = w.let("left", f"{left} - {taken}")
        return w.let("reached", f"(2 * {cost} + {by}) // (2 * {by})")

    return reach
