"""The explained steps of a settlement, from the policy that it was made with."""

from __future__ import annotations

from tongchou.policy.explain import ExplainedStep
from tongchou.web.database import Row


def steps_of(settlement: Row) -> list[ExplainedStep]:
    """The steps in the order of the computation; none for a revocation, which mirrors what it takes back."""
    return []
