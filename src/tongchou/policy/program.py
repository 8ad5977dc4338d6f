"""The result of compiling: source text of one integer function and the static half of its explanation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tongchou.kernel.rejection import RejectionKind
from tongchou.policy.model import AccumulatorSpec, FactSpec, LineRules, Part, Payer, Place

FormatOf = tuple[str, str, int]
"""A value shown in an explanation: variable, form, scale.

Forms: ``yuan``, ``int``, ``rate``; ``least:LINE`` an amount that is the smaller of all there is and of the amount LINE;
``nth:first|second|more`` words for the n-th visit, by the number of earlier ones, the last for all further ones.
"""


_NAMES = re.compile(r"[A-Za-z_]\w*")


def lines_for(lines: Sequence[str], texts: Iterable[str]) -> tuple[tuple[str, ...], set[str]]:
    """The lines (``name = expression``) that texts depend on, in their order, and every name that stands in them."""
    names = {name for text in texts for name in _NAMES.findall(text)}
    kept: list[str] = []
    for line in reversed(lines):
        if line.partition(" = ")[0] in names:
            kept.append(line)
            names |= set(_NAMES.findall(line))
    return tuple(reversed(kept)), names


@dataclass(frozen=True, slots=True)
class Display:
    """One explained step: formula in names, template for the numbers, and which variables hold them.

    ``chain`` is for ratios and amounts that are adjusted step by step: (label, variable, scale, citation); an
    adjustment that changed nothing is not shown. ``show`` hides the step when that variable is zero.
    """

    layer: str
    title: str
    formula: str
    template: str
    refs: tuple[FormatOf, ...]
    amount: FormatOf | None = None
    exact: tuple[str, int] | None = None
    fund: str = ""
    cite: str = ""
    show: str = ""
    changed: tuple[FormatOf, FormatOf] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that refuses: its kind and the words that fill its message."""

    kind: RejectionKind
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Something the checker tries out over all values of the facts.

    ``kind`` is ``ratio`` (``text`` over ``scale`` must stay within 0…1), ``condition`` (must hold for some values),
    ``shadowed`` (a rule must hold for some values for which none before it does), ``overlap`` (must hold for none: two rules
    that set different values) or ``gap`` (must be zero where ``b_in_scope`` equals ``amount``: a payment cap reached before
    the cost cap).
    """

    kind: str
    text: str
    scale: int
    place: Place
    what: str
    acknowledged: str = ""


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A layer as the outcome reports it. ``ratio_scale`` is 0 where the layer has no nominal ratio."""

    id: str
    title: str
    fund: str
    cite: str
    ratio_scale: int


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that was derived from the packs for one benefit.

    ``source`` is the integer function: ``body`` between its ``parameters`` and its ``results``. ``recorded`` are the variables
    that an explanation needs.
    """

    source: str
    constants: dict[str, tuple[int, ...]]
    facts: tuple[FactSpec, ...]
    accumulators: tuple[AccumulatorSpec, ...]
    layers: tuple[LayerInfo, ...]
    payer: Payer | None
    refusals: tuple[Refusal, ...]
    recorded: tuple[str, ...]
    displays: tuple[Display, ...]
    lines: LineRules | None
    checks: tuple[Check, ...]
    body: tuple[str, ...]
    parameters: tuple[str, ...]
    results: tuple[str, ...]
    max_scale: int
    parts: tuple[Part, ...] = ()
