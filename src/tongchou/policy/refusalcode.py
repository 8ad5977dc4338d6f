"""The number of the refusal that applies to a claim: the first in the order of the packs, 0 where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from tongchou.policy.emitter import Emitter

_ONE_OF = re.compile(r"\(?(f\d+) == \d+(?: or \1 == \d+)*\)?")
_INDEX = re.compile(r"== (\d+)")
_FEW = 3
"""Up to so many comparisons cost no more than looking into a table."""


def write_refused(emitter: Emitter) -> str:
    """Write the code; the atom given back is the number of the refusal.

    Rules that name values of one enumeration, one rule after another, become one table: a list of fifteen exclusions
    costs as much as one.
    """
    conditions = [(number, condition) for number, (condition, _) in enumerate(emitter.refusals, 1)]
    text = "0"
    for fact, run in reversed([(fact, list(run)) for fact, run in groupby(conditions, _enumeration)]):
        values = [(number, int(index)) for number, condition in run for index in _INDEX.findall(condition)]
        if fact and len(values) > _FEW:
            found = _table(emitter, fact, values)
            text = f"{found} if {found} > 0 else {text}"
        else:
            for number, condition in reversed(run):
                text = f"{number} if {condition} else {text}"
    return emitter.let("refused", text)


def _enumeration(entry: tuple[int, str]) -> str:
    """The fact whose values a condition lists; empty where it is anything else."""
    match = _ONE_OF.fullmatch(entry[1])
    return match.group(1) if match else ""


def _table(emitter: Emitter, variable: str, values: Sequence[tuple[int, int]]) -> str:
    """A variable that holds the first refusal listed for the value of an enumeration, 0 where none is."""
    fact = next(name for name, known in emitter.facts.items() if known == variable)
    spec = emitter.known_facts[fact]
    cells = [0] * (len(spec.values) + (spec.kind == "code"))  # other codes are −1: the last cell
    for number, index in reversed(values):
        cells[index] = number
    constant = f"T{len(emitter.constants)}"
    emitter.constants[constant] = tuple(cells)
    return emitter.let("excluded", f"{constant}[{variable}]")
