"""The three layers in zen-engine: a decision table for what stands in tables, expressions for the arithmetic."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import zen

from benchmarks.engines.claims import Claims

LEVELS = ("一级", "二级", "三级")
EXPRESSIONS = {
    "counted": "min([eligible, 28000])",
    "ratio": "base + (years >= 1 ? min([5, years - 1]) : 0)",
    "pool": "min([round(max([$.counted - deductible, 0]) * $.ratio / 100, 2), 15000])",
    "large": "min([round((eligible - $.counted) * 0.4, 2), 15000])",
    "excess": "max([eligible - $.pool - $.large - line, 0])",
    "banded": "min([$.excess, 30000]) * 0.5 + min([max([$.excess - 30000, 0]), 50000]) * 0.6"
    " + min([max([$.excess - 80000, 0]), 70000]) * 0.7 + max([$.excess - 150000, 0]) * 0.8",
    "cii": "min([round($.banded, 2), 200000])",
}


def _rules() -> list[dict[str, str]]:
    return [
        {
            "_id": f"{place}-{student}-{poor}",
            "level": f'"{level}"',
            "student": student,
            "poor": poor,
            "deductible": str((100, 350, 600)[place]),
            "base": str((65, 60, 55)[place] + (10 if student == "true" else 0)),
            "line": "10000" if poor == "true" else "20000",
        }
        for place, level in enumerate(LEVELS)
        for student in ("true", "false")
        for poor in ("true", "false")
    ]


def _named(*names: str) -> list[dict[str, str]]:
    return [{"id": name, "name": name, "field": name} for name in names]


def decision(*, table_only: bool = False) -> Any:
    """The decision: the table alone, or the table and the arithmetic behind it."""
    table = {
        "hitPolicy": "first",
        "passThrough": not table_only,
        "inputs": _named("level", "student", "poor"),
        "outputs": _named("deductible", "base", "line"),
        "rules": _rules(),
    }
    expressions = [{"id": key, "key": key, "value": value} for key, value in EXPRESSIONS.items()]
    kinds: list[tuple[str, str, dict[str, Any]]] = [("in", "inputNode", {}), ("table", "decisionTableNode", table)]
    if not table_only:
        kinds.append(("arithmetic", "expressionNode", {"expressions": expressions}))
    kinds.append(("out", "outputNode", {}))
    place = {"x": 0, "y": 0}
    nodes = [{"id": n, "name": n, "type": kind, "position": place, "content": content} for n, kind, content in kinds]
    edges = [
        {"id": f"{one[0]}-{other[0]}", "sourceId": one[0], "targetId": other[0], "type": "edge"}
        for one, other in pairwise(kinds)
    ]
    return zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))


def claim_of(claims: Claims, number: int) -> dict[str, Any]:
    """One claim as the engine takes it, in yuan."""
    return {
        "eligible": int(claims.amount[number]) / 100,
        "level": LEVELS[claims.level[number]],
        "student": bool(claims.student[number]),
        "years": int(claims.years[number]),
        "poor": bool(claims.poor[number]),
    }


def simulate(claims: Claims) -> list[Any]:
    """Fen per claim and layer, one claim after the other."""
    decided = decision()
    results = [decided.evaluate(claim_of(claims, number))["result"] for number in range(len(claims.amount))]
    return [np.array([float(result[name]) * 100 for result in results]) for name in ("pool", "large", "cii")]
