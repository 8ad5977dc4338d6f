"""Names by frequency: surname by ethnic group, given name by sex and generation."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import accumulate
from random import Random

from tongchou.demo import tables

HAN, HUI, TIBETAN, DONGXIANG, TU, BAOAN = "1", "3", "4", "26", "30", "47"
ETHNIC_GROUPS = ((HAN, 912), (HUI, 62), (TIBETAN, 9), (DONGXIANG, 12), (TU, 3), (BAOAN, 2))
"""Codes of GB/T 3304 and their share per 1,000 households."""

_HUI_SURNAMES = frozenset({HUI, DONGXIANG, BAOAN})


def surname(rng: Random, ethnicity: str) -> str:
    """A surname; empty for Tibetans, whose names have none."""
    if ethnicity == TIBETAN:
        return ""
    names, weights = _surnames()["hui" if ethnicity in _HUI_SURNAMES else "han"]
    return rng.choices(names, cum_weights=weights)[0]


def given_name(rng: Random, *, sex: str, birth_year: int, ethnicity: str) -> str:
    """A given name of the generation."""
    if ethnicity == TIBETAN:
        generation = "tibetan"
    else:
        generation = "old" if birth_year < 1965 else "middle" if birth_year < 1990 else "young"
    return rng.choice(_given_names()[sex, generation])


def ethnic_group(rng: Random) -> str:
    """The ethnic group of a household."""
    return rng.choices(_GROUPS, cum_weights=_GROUP_WEIGHTS)[0]


_GROUPS = [code for code, _ in ETHNIC_GROUPS]
_GROUP_WEIGHTS = list(accumulate(weight for _, weight in ETHNIC_GROUPS))


@cache
def _surnames() -> dict[str, tuple[list[str], list[int]]]:
    names: defaultdict[str, list[str]] = defaultdict(list)
    weights: defaultdict[str, list[int]] = defaultdict(list)
    for row in tables.rows("surnames"):
        names[row["group"]].append(row["name"])
        weights[row["group"]].append(int(row["weight"]))
    return {group: (names[group], list(accumulate(weights[group]))) for group in names}


@cache
def _given_names() -> dict[tuple[str, str], list[str]]:
    return {(row["sex"], row["generation"]): row["names"].split() for row in tables.rows("given_names")}
