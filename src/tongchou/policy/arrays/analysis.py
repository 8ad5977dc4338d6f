"""Takes a plan's generated function apart: what depends on the claim, what only on the facts, which numbers stand in it.

The function is straight-line code (every statement ``name = expression``, one return), so this is a single pass.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tongchou.policy.model import BURDEN_COMPONENTS
from tongchou.policy.plan import Plan

KEPT = (0, 1, 2)
"""Numbers that stay in the code: they belong to the operators (positive part, half up), not to the policy."""


@dataclass(frozen=True, slots=True)
class Function:
    """A plan's generated function as syntax."""

    parameters: tuple[str, ...]
    statements: tuple[tuple[str, ast.expr], ...]
    returned: tuple[ast.expr, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """The function split in two: a prologue over facts, once for many claims, and a body over the claim's amounts.

    ``names`` are the numbers that the prologue hands to the body: values, conditions as 0 or 1, and the policy's numbers.
    """

    prologue: tuple[tuple[str, ast.expr], ...]
    body: tuple[tuple[str, ast.expr], ...]
    returned: dict[str, ast.expr]
    names: tuple[str, ...]
    handed: tuple[ast.expr, ...]


def function_of(plan: Plan) -> Function:
    """Read the generated source of a plan."""
    match ast.parse(plan.source).body:
        case [ast.FunctionDef(args=arguments, body=[*lines, ast.Return(value=ast.Tuple(elts=returned))])]:
            pairs = [(line.targets[0], line.value) for line in lines if isinstance(line, ast.Assign)]
            statements = tuple((target.id, value) for target, value in pairs if isinstance(target, ast.Name))
            if len(statements) == len(lines):
                return Function(tuple(argument.arg for argument in arguments.args), statements, tuple(returned))
    raise TypeError(f"the code of plan {plan.id} is not a straight line")


def result_names(plan: Plan) -> tuple[str, ...]:
    """Names of the returned numbers, in their order: refused, paid:<layer>, burden:<component>, …, delta:<accumulator>."""
    return (
        "refused",
        *(f"paid:{layer.id}" for layer in plan.layers),
        *(f"burden:{component}" for component in BURDEN_COMPONENTS),
        "account",
        "deductible",
        *(f"ratio:{layer.id}" for layer in plan.layers),
        *(f"delta:{spec.name}" for spec in plan.accumulators),
    )


def names_in(node: ast.expr) -> set[str]:
    """All names that an expression reads."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def split(plan: Plan, *, varying: Collection[str], wanted: Sequence[str]) -> Split:
    """Split a plan's function.

    Args:
        varying: parameters that differ from claim to claim; amounts that are not among them are taken as zero.
        wanted: names of results (see :func:`result_names`).
    """
    function = function_of(plan)
    results = dict(zip(result_names(plan), function.returned, strict=True))
    needed = _needed(function, [results[name] for name in wanted])
    zero = {name for name in function.parameters if not name.startswith("f") and name not in varying}
    lifter = _Lifter(varying, zero)
    prologue, body = [], []
    for name, value in function.statements:
        if name not in needed:
            continue
        if lifter.varies(value):
            body.append((name, lifter.statement(value)))
            lifter.varying.add(name)
        else:
            prologue.append((name, lifter.without_absent(value)))
    returned = {name: lifter.statement(results[name]) for name in wanted}
    return Split(tuple(prologue), tuple(body), returned, tuple(lifter.names), tuple(lifter.handed))


def _needed(function: Function, roots: Sequence[ast.expr]) -> set[str]:
    needed = {name for root in roots for name in names_in(root)}
    for name, value in reversed(function.statements):
        if name in needed:
            needed |= names_in(value)
    return needed


class _Lifter(ast.NodeTransformer):
    """Replaces whatever does not vary from claim to claim by a name that the prologue fills."""

    def __init__(self, varying: Collection[str], zero: set[str]) -> None:
        self.varying = set(varying)
        self.zero = zero
        self.names: list[str] = []
        self.handed: list[ast.expr] = []
        self._known: dict[str, str] = {}
        self._numbers: dict[str, str] = {}

    def varies(self, node: ast.expr) -> bool:
        return not self.varying.isdisjoint(names_in(node))

    def without_absent(self, node: ast.expr) -> ast.expr:
        """The expression with the amounts that are not given as zero."""
        given: ast.expr = _Absent(self.zero).visit(node)
        return given

    def statement(self, node: ast.expr) -> ast.expr:
        """One statement's expression. The same number twice in a statement is one number of the policy (a minimum, say)."""
        self._numbers = {}
        first, rest = self._first_conditions(node)
        if first is None or rest is None:
            return self.visit(node)
        decided = self._lifted(self.without_absent(first))
        asked = ast.Compare(decided, [ast.NotEq()], [ast.Constant(0)])
        return ast.IfExp(asked, decided, self.visit(rest))

    def _first_conditions(self, node: ast.expr) -> tuple[ast.expr | None, ast.expr | None]:
        """Split ``1 if fixed else 2 if fixed else … if varying else 0`` (the refusals) before the first varying part.

        Only chains that give positive numbers are split: zero then stands for "none of these".
        """
        chain: list[ast.IfExp] = []
        while isinstance(node, ast.IfExp) and not self.varies(node.test) and _positive(node):
            chain.append(node)
            node = node.orelse
        if len(chain) < 2:
            return None, None
        first: ast.expr = ast.Constant(0)
        for part in reversed(chain):
            first = ast.IfExp(part.test, part.body, first)
        return first, node

    def visit(self, node: ast.expr) -> ast.expr:  # type: ignore[override]  # statements never come here
        if self.varies(node):
            self.generic_visit(node)  # changes the node itself
            return node
        if isinstance(node, ast.Constant) and node.value in KEPT and not isinstance(node.value, bool):
            return node
        return self._lifted(self.without_absent(node))

    def _lifted(self, node: ast.expr) -> ast.expr:
        text = ast.unparse(node)
        known = self._numbers if isinstance(node, ast.Constant) else self._known
        if text in known:
            return ast.Name(known[text], ast.Load())
        name = f"k{len(self.names)}"
        known[text] = name
        self.names.append(name)
        self.handed.append(node)
        return ast.Name(name, ast.Load())

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, field, self._operand(node, field, value))
            elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                setattr(node, field, [self._operand(node, field, item) for item in value])
        return node

    def _operand(self, node: ast.AST, field: str, value: ast.expr) -> ast.expr:
        if isinstance(node, ast.Call) and field == "func":
            return value
        visited = self.visit(value)
        condition = (isinstance(node, ast.IfExp) and field == "test") or isinstance(node, ast.BoolOp)
        condition = condition or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        lifted = isinstance(visited, ast.Name) and visited.id in self.names
        return ast.Compare(visited, [ast.NotEq()], [ast.Constant(0)]) if condition and lifted else visited


def _positive(node: ast.IfExp) -> bool:
    """Whether what a condition gives is above zero: a number, or a name of which the condition says so."""
    if isinstance(node.body, ast.Name):
        return ast.unparse(node.test) == f"{node.body.id} > 0"
    return isinstance(node.body, ast.Constant) and type(node.body.value) is int and node.body.value > 0


class _Absent(ast.NodeTransformer):
    def __init__(self, zero: set[str]) -> None:
        self.zero = zero

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(0) if node.id in self.zero else node
