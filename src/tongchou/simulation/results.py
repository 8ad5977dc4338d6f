"""What a run comes to, as figures that a page, a sheet or JSON shows. Pure; every amount is an exact whole number of fen.

``values`` always has one figure per scenario, in their order; the first scenario is the policy in force, the second the
changed one. Out-of-pocket (个人负担) is what the person carries after all funds: personal account and cash.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from tongchou.kernel.money import divide_half_up
from tongchou.policy import STANDARD_FACTS
from tongchou.simulation.year import (
    ACCOUNT,
    BILL,
    BURDEN,
    CLAIMS,
    CLASS,
    FIRST_LAYER,
    LEVEL,
    REFUSED,
    UNNAMED,
    Scenario,
    Tally,
    YearRun,
)

Array = np.ndarray[Any, Any]
Row = dict[str, Any]

DIFFERENCE_BANDS = (0, 10_000, 50_000, 100_000, 300_000, 1_000_000, 3_000_000)
"""Edges in fen of the differences per person: up to 100 yuan, 500, 1000, 3000, 10 000, 30 000, above."""
BURDEN_BANDS = (0, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
"""Edges in fen of the out-of-pocket histogram."""
MONTHS_IN_YEAR = 12


def results(
    run: YearRun,
    *,
    threshold: int,
    balances: Mapping[str, int],
    months: int = 0,
    insured: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """All figures of a run.

    Args:
        threshold: out-of-pocket in fen from which a person's year counts as catastrophic (灾难性支出).
        balances: fund code → balance in fen, for the months of payment capacity.
        months: months that the claims cover; 0 = as many as occur in them.
        insured: persons by class of the financing table, for the income of a year; none = no income is computed.

    Raises:
        Rejection: POL-011 a class that the financing table does not have, POL-040 a policy has no financing table.
    """
    burdens = [tally.per_person("burden") for tally in run.tallies]
    classes = _classes(run)
    covered = months or _months(run)
    return {
        "scenarios": [_scenario(scenario, tally) for scenario, tally in zip(run.scenarios, run.tallies, strict=True)],
        "claims": run.claims,
        "persons": len(burdens[0]),
        "years": sorted(run.years),
        "months": covered,
        "funds": _fund_names(run),
        "headline": _headline(run),
        "outlay": {name: _outlay(run.tallies, key) for name, key in GROUPINGS.items()},
        "winners": _winners(run, burdens, classes),
        "distribution": _distribution(burdens),
        "catastrophic": _catastrophic(run, burdens, classes, threshold),
        "capacity": _capacity(run.tallies, balances, covered),
        "income": _income(run, insured, covered) if insured else None,
        "recorded": {
            "compared": run.differences.compared,
            "differing": run.differences.differing,
            "first": run.differences.first,
        },
    }


def _scenario(scenario: Any, tally: Tally) -> Row:
    return {
        "title": scenario.title,
        "on": scenario.on.isoformat() if scenario.on else "",
        "plans": sorted(plan.id for plan in tally.plans),
        "packages": sorted({plan.package_hash for plan in tally.plans}),
        "refusals": [
            {"reason": text, "claims": count} for text, count in sorted(tally.reasons.items(), key=lambda e: -e[1])
        ],
    }


def _fund_names(run: YearRun) -> dict[str, str]:
    """Names of the funds that some scenario pays from, by code: as the area's own packs call them."""
    names: dict[str, str] = {}
    for scenario in run.scenarios:
        for pack in scenario.packs or scenario.book.bindings.packs_of(scenario.area, scenario.scheme):
            for version in scenario.book.packs.get(pack, ()):
                names = {**version.pack.funds, **names}
    used = {layer.fund for tally in run.tallies for plan in tally.plans for layer in plan.layers}
    return {code: names.get(code, code) for code in sorted(used)}


def _sum(tally: Tally, what: int) -> int:
    return sum(amount for key, amount in tally.sums.items() if key[-1] == what)


def _headline(run: YearRun) -> list[Row]:
    def row(name: str, title: str, figure: Callable[[Tally], int], unit: str = "元") -> Row:
        return {"name": name, "title": title, "unit": unit, "values": [figure(tally) for tally in run.tallies]}

    return [
        row("total", "医疗费总额", lambda tally: run.total),
        row("fund", "基金支付", lambda tally: run.total - _sum(tally, BURDEN)),
        row("account", "个人账户支付", lambda tally: _sum(tally, ACCOUNT)),
        row("cash", "个人现金支付", lambda tally: _sum(tally, BURDEN) - _sum(tally, ACCOUNT)),
        row("burden", "个人负担合计", lambda tally: _sum(tally, BURDEN)),
        row("share", "个人负担占比", lambda tally: _per_myriad(_sum(tally, BURDEN), run.total), "%"),
        row("refused", "不予支付", lambda tally: _sum(tally, REFUSED), "笔"),
    ]


def _per_myriad(part: int, whole: int) -> int:
    return divide_half_up(part * 10_000, whole) if whole else 0


# -- fund outlay --------------------------------------------------------------------------------------------------------


def _by_layer(tally: Tally, plan: int, _: Sequence[Any], layer: int) -> Iterable[tuple[str, ...]]:
    found = tally.plans[plan]
    return [(found.benefit, found.layers[layer].title)]


def _by_fund(tally: Tally, plan: int, _: Sequence[Any], layer: int) -> Iterable[tuple[str, ...]]:
    return [(tally.plans[plan].layers[layer].fund,)]


def _by_benefit(tally: Tally, plan: int, _: Sequence[Any], layer: int) -> Iterable[tuple[str, ...]]:
    return [(tally.plans[plan].benefit,)]


def _by_class(tally: Tally, plan: int, group: Sequence[Any], layer: int) -> Iterable[tuple[str, ...]]:
    return [(str(group[0]),)]


def _by_level(tally: Tally, plan: int, group: Sequence[Any], layer: int) -> Iterable[tuple[str, ...]]:
    return [(str(group[1]),)]


def _by_month(tally: Tally, plan: int, group: Sequence[Any], layer: int) -> Iterable[tuple[str, ...]]:
    return [(f"{group[2]:02d}月" if group[2] else UNNAMED,)]


GROUPINGS: dict[str, Callable[[Tally, int, Sequence[Any], int], Iterable[tuple[str, ...]]]] = {
    "fund": _by_fund,
    "layer": _by_layer,
    "benefit": _by_benefit,
    "class": _by_class,
    "level": _by_level,
    "month": _by_month,
}


def _outlay(tallies: Sequence[Tally], key: Callable[..., Iterable[tuple[str, ...]]]) -> list[Row]:
    """Fund payments of every scenario by some grouping, in fen."""
    rows: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(tallies))
    order: dict[tuple[str, ...], None] = {}
    for number, tally in enumerate(tallies):
        for plan_number, plan in enumerate(tally.plans):  # layers that paid nothing are shown too
            if key in (_by_layer, _by_fund):
                for layer in range(len(plan.layers)):
                    order |= dict.fromkeys(key(tally, plan_number, (), layer))
        for (plan_number, *group, what), amount in tally.sums.items():
            if plan_number >= 0 and what >= FIRST_LAYER:
                for name in key(tally, plan_number, group, what - FIRST_LAYER):
                    rows[name][number] += amount
    names = [*order, *sorted((name for name in rows if name not in order), key=_place)]
    return [{"name": list(name), "values": list(rows[name])} for name in names]


_WORDS = [
    word for name in (CLASS, LEVEL) for word in (*STANDARD_FACTS[name].values, *dict(STANDARD_FACTS[name].aliases))
]


def _place(name: Sequence[str]) -> tuple[int, Sequence[str]]:
    """Classes and levels in the order in which the vocabulary names them, months in theirs."""
    return (_WORDS.index(name[0]) if name[0] in _WORDS else len(_WORDS), name)


# -- persons --------------------------------------------------------------------------------------------------------------


def _classes(run: YearRun) -> tuple[Array, list[str]]:
    codes = np.concatenate(run.classes) if run.classes else np.zeros(0, dtype=np.int64)
    words = [word or UNNAMED for word in run.files.words.get(CLASS, [None])]
    return codes, words


def _in_order(codes: Array, words: Sequence[str]) -> list[int]:
    return sorted({int(code) for code in np.unique(codes)}, key=lambda code: _place([words[code]]))


def _winners(run: YearRun, burdens: Sequence[Array], classes: tuple[Array, list[str]]) -> Row | None:
    """Who pays less and who pays more under the second policy; ``None`` where there is no second."""
    if len(burdens) < 2:
        return None
    difference = burdens[0] - burdens[1]
    codes, words = classes
    by_class = [{"name": words[code], **_gains(difference[codes == code])} for code in _in_order(codes, words)]
    bands = []
    for low, high in pairwise([*DIFFERENCE_BANDS, None]):
        size = np.abs(difference)
        inside = (size > low) & ((size <= high) if high is not None else True)
        bands.append({"over": low, "upto": high, **_gains(difference[inside])})
    return {**_gains(difference), "classes": by_class, "bands": bands}


def _gains(difference: Array) -> Row:
    won, lost = difference[difference > 0], difference[difference < 0]
    return {
        "persons": len(difference),
        "winners": len(won),
        "gain": int(won.sum()),
        "losers": len(lost),
        "loss": -int(lost.sum()),
        "same": len(difference) - len(won) - len(lost),
    }


def _distribution(burdens: Sequence[Array]) -> Row:
    ordered = [np.sort(burden) for burden in burdens]
    count = len(ordered[0])
    deciles = []
    for tenth in range(10):
        low, high = count * tenth // 10, count * (tenth + 1) // 10
        parts = [burden[low:high] for burden in ordered]
        deciles.append({
            "tenth": tenth + 1,
            "persons": high - low,
            "sums": [int(part.sum()) for part in parts],
            "means": [divide_half_up(int(part.sum()), len(part)) if len(part) else 0 for part in parts],
            "upto": [int(part[-1]) if len(part) else 0 for part in parts],
        })  # fmt: skip
    bands: list[Row] = [{"over": None, "upto": 0, "values": [_between(burden, None, 0) for burden in ordered]}]
    for over, upto in pairwise([*BURDEN_BANDS, None]):
        bands.append({"over": over, "upto": upto, "values": [_between(burden, over, upto) for burden in ordered]})
    median = [int(burden[(count - 1) // 2]) if count else 0 for burden in ordered]
    return {"deciles": deciles, "bands": bands, "median": median}


def _between(ordered: Array, low: int | None, high: int | None) -> int:
    """How many are above ``low`` and not above ``high``."""
    first = 0 if low is None else int(np.searchsorted(ordered, low, side="right"))
    after = len(ordered) if high is None else int(np.searchsorted(ordered, high, side="right"))
    return after - first


def _catastrophic(run: YearRun, burdens: Sequence[Array], classes: tuple[Array, list[str]], threshold: int) -> Row:
    codes, words = classes
    cases = [burden >= threshold for burden in burdens]
    rows = [
        {"name": words[code], "values": [int((case & (codes == code)).sum()) for case in cases]}
        for code in _in_order(codes, words)
    ]
    beyond = [int((burden[case] - threshold).sum()) for burden, case in zip(burdens, cases, strict=True)]
    found = {"threshold": threshold, "values": [int(case.sum()) for case in cases], "beyond": beyond, "classes": rows}
    if len(cases) > 1:
        found |= {"new": int((~cases[0] & cases[1]).sum()), "relieved": int((cases[0] & ~cases[1]).sum())}
    return found


# -- funds ------------------------------------------------------------------------------------------------------------------


def _months(run: YearRun) -> int:
    """How many months occur in the claims; claims without a month count as a year."""
    months = {key[3] for tally in run.tallies for key in tally.sums if key[-1] == CLAIMS}
    return len(months - {0}) or MONTHS_IN_YEAR


def _income(run: YearRun, insured: Mapping[str, int], months: int) -> Row:
    """A year's income by payer under each policy's financing table, its outlay brought to a year, and what is left, in fen."""
    payers: dict[str, list[int]] = {}
    for number, scenario in enumerate(run.scenarios):
        plan = scenario.financing(_financing_day(run, scenario))
        for person_class, persons in insured.items():
            for payer, amount in plan.dues(person_class).shares.items():
                row = payers.setdefault(plan.payers.get(payer, payer), [0] * len(run.scenarios))
                row[number] += amount * persons
    received = [sum(column) for column in zip(*payers.values(), strict=True)]
    paid = [divide_half_up((run.total - _sum(t, BURDEN)) * MONTHS_IN_YEAR, months) for t in run.tallies]
    return {
        "insured": dict(insured),
        "payers": [{"name": name, "values": values} for name, values in payers.items()],
        "received": received,
        "outlay": paid,
        "left": [income - outlay for income, outlay in zip(received, paid, strict=True)],
    }


def _financing_day(run: YearRun, scenario: Scenario) -> date:
    """The day of the policy, else the last day of the claims: what was changed during the year holds then."""
    if scenario.on is not None:
        return scenario.on
    return date.fromordinal(run.last_day) if run.last_day else date(max(run.years), 12, 31)


def _capacity(tallies: Sequence[Tally], balances: Mapping[str, int], months: int) -> list[Row]:
    """Balance over mean monthly outlay of each fund, in tenths of a month (可支付月数); ``None`` where nothing is paid."""
    rows = []
    for row in _outlay(tallies, _by_fund):
        fund = row["name"][0]
        if fund in balances:
            tenths = [divide_half_up(balances[fund] * 10 * months, paid) if paid else None for paid in row["values"]]
            rows.append({"fund": fund, "balance": balances[fund], "outlay": row["values"], "tenths": tenths})
    return rows


__all__ = ["BILL", "results"]
