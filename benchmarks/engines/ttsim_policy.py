"""The three layers in ttsim, the engine of GETTSIM, on numpy: scalar rules that the engine itself turns into arrays."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from ttsim import InputData, MainTarget, OrigPolicyObjects, TTTargets, main
from ttsim.tt import Currency, RoundingSpec, TTSIMUnit, UnitSystem, policy_function, policy_input

from benchmarks.engines.claims import Claims

ONE = TTSIMUnit.DIMENSIONLESS
FEN = RoundingSpec(base=0.01, direction="nearest")


@policy_input(unit=ONE)
def p_id() -> int:
    """Number of the claim; the engine asks for it."""


@policy_input(unit=ONE)
def eligible() -> float:
    """Eligible cost, yuan."""


@policy_input(unit=ONE)
def level() -> int:
    """Level of the hospital, from 0."""


@policy_input(unit=ONE)
def student() -> int:
    """1 for a student."""


@policy_input(unit=ONE)
def years() -> int:
    """Continuous years."""


@policy_input(unit=ONE)
def poor() -> bool:
    """Whether the person receives the minimum living allowance."""


@policy_function(unit=ONE, verify_units=False)
def deductible(level: int) -> float:
    if level == 0:
        return 100.0
    elif level == 1:
        return 350.0
    else:
        return 600.0


@policy_function(unit=ONE, verify_units=False)
def ratio(level: int, student: int, years: int, xnp: ModuleType) -> float:
    base = 65 if level == 0 else (60 if level == 1 else 55)
    return (base + 10 * student + (xnp.minimum(5, years - 1) if years >= 1 else 0)) / 100


@policy_function(unit=ONE, verify_units=False, rounding_spec=FEN)
def share(eligible: float, deductible: float, ratio: float, xnp: ModuleType) -> float:
    return xnp.maximum(xnp.minimum(eligible, 28_000.0) - deductible, 0.0) * ratio


@policy_function(unit=ONE, verify_units=False)
def pool(share: float, xnp: ModuleType) -> float:
    return xnp.minimum(share, 15_000.0)


@policy_function(unit=ONE, verify_units=False, rounding_spec=FEN)
def large(eligible: float, xnp: ModuleType) -> float:
    return xnp.minimum(xnp.maximum(eligible - 28_000.0, 0.0) * 0.4, 15_000.0)


@policy_function(unit=ONE, verify_units=False, rounding_spec=FEN)
def cii(eligible: float, pool: float, large: float, poor: bool, xnp: ModuleType) -> float:
    excess = xnp.maximum(eligible - pool - large - (10_000.0 if poor else 20_000.0), 0.0)
    banded = xnp.clip(excess, 0.0, 30_000.0) * 0.5 + xnp.clip(excess - 30_000.0, 0.0, 50_000.0) * 0.6
    banded = banded + xnp.clip(excess - 80_000.0, 0.0, 70_000.0) * 0.7 + xnp.maximum(excess - 150_000.0, 0.0) * 0.8
    return xnp.minimum(banded, 200_000.0)


RULES = (p_id, eligible, level, student, years, poor, deductible, ratio, share, pool, large, cii)
LAYERS = ("pool", "large", "cii")
_functions: list[Any] = []


def _columns(claims: Claims) -> dict[str, Any]:
    return {
        "eligible": claims.amount / 100,
        "level": claims.level,
        "student": claims.student,
        "years": claims.years,
        "poor": claims.poor,
    }


def _function(columns: dict[str, Any]) -> Any:
    """The engine's function of columns, put together once, as its handbook advises for many runs."""
    if not _functions:
        few = {name: column[:10] for name, column in columns.items()}
        found = main(
            main_target=MainTarget.tt_function,
            policy_date_str="2026-01-01",
            orig_policy_objects=OrigPolicyObjects(
                column_objects_and_param_functions={("policy.py", rule.leaf_name): rule for rule in RULES},
                param_specs={},
            ),
            input_data=InputData.tree({"p_id": np.arange(10), **few}),
            tt_targets=TTTargets.tree(dict.fromkeys(LAYERS)),
            unit_system=UnitSystem(currencies={"YUAN": Currency(statutory_from="0001-01-01")}),
            include_fail_nodes=False,
            include_warn_nodes=False,
        )
        _functions.append(found)
    return _functions[0]


def simulate(claims: Claims) -> list[Any]:
    """Fen per claim and layer, rounded from the engine's yuan."""
    columns = _columns(claims)
    results = _function(columns)(columns)
    return [np.asarray(results[name]) * 100 for name in LAYERS]
