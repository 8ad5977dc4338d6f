"""The three layers of the measured plan as openfisca-core variables, in its own way: yearly float variables, numpy formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import YEAR
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from benchmarks.engines.claims import Claims

Person = build_entity(key="person", plural="persons", label="claim", is_person=True)


def _input(name: str, kind: type) -> type[Variable]:
    return type(name, (Variable,), {"value_type": kind, "entity": Person, "definition_period": YEAR, "label": name})


class pool(Variable):  # noqa: N801 - openfisca names variables by their class
    value_type = float
    entity = Person
    definition_period = YEAR
    label = "basic pool, yuan"

    def formula(person: Any, period: Any) -> Any:  # noqa: N805
        level, years = person("level", period), person("years", period)
        counted = np.minimum(person("eligible", period), 28_000)
        base = np.maximum(counted - np.array([100, 350, 600])[level], 0)
        ratio = np.array([65, 60, 55])[level] + 10 * person("student", period)
        ratio = ratio + np.where(years >= 1, np.minimum(5, years - 1), 0)
        return np.minimum(np.round(base * ratio / 100, 2), 15_000)


class large(Variable):  # noqa: N801
    value_type = float
    entity = Person
    definition_period = YEAR
    label = "large amount, yuan"

    def formula(person: Any, period: Any) -> Any:  # noqa: N805
        return np.minimum(np.round(np.maximum(person("eligible", period) - 28_000, 0) * 0.4, 2), 15_000)


class cii(Variable):  # noqa: N801
    value_type = float
    entity = Person
    definition_period = YEAR
    label = "critical illness insurance, yuan"

    def formula(person: Any, period: Any) -> Any:  # noqa: N805
        own = person("eligible", period) - person("pool", period) - person("large", period)
        excess = np.maximum(own - np.where(person("poor", period), 10_000, 20_000), 0)
        bands = ((0, 30_000, 0.5), (30_000, 80_000, 0.6), (80_000, 150_000, 0.7), (150_000, 1e12, 0.8))
        paid = sum(np.clip(excess - low, 0, high - low) * ratio for low, high, ratio in bands)
        return np.minimum(np.round(paid, 2), 200_000)


SYSTEM = TaxBenefitSystem([Person])
for _name, _kind in (("eligible", float), ("level", int), ("student", int), ("years", int), ("poor", bool)):
    SYSTEM.add_variable(_input(_name, _kind))
for _variable in (pool, large, cii):
    SYSTEM.add_variable(_variable)


def simulate(claims: Claims, *, double: bool = False) -> list[Any]:
    """Fen per claim and layer, rounded from the engine's yuan.

    ``double`` makes the engine carry 64-bit floats, which it has no option for; as it comes it carries 32-bit floats.
    """
    for variable in SYSTEM.variables.values():
        if variable.value_type is float:
            variable.dtype = np.float64 if double else np.float32
    simulation = SimulationBuilder().build_default_simulation(SYSTEM, count=len(claims.amount))
    simulation.set_input("eligible", "2026", claims.amount / 100)
    for name in ("level", "student", "years", "poor"):
        simulation.set_input(name, "2026", getattr(claims, name))
    return [np.float64(simulation.calculate(name, "2026")) * 100 for name in ("pool", "large", "cii")]
