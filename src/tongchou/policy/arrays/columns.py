"""A plan over columns of independent claims, at the speed of memory.

Claims that share their facts form a segment. What depends on the facts only, and every number of the policy, is computed
once per segment (the prologue, plain Python integers); what depends on the claim runs in a loop without branches over
float64 lanes. Whole numbers in float64 are exact while amount × scale < 2⁵³, which :meth:`ColumnKernel.check` asserts.
``floor(a / b)`` of whole a < 2⁵³ and b > 0 is exact too: the true quotient is at least 1/b away from the next whole
number, and the rounding error of the division is smaller than that.

Because the policy's numbers are data of the loop, plans that differ in numbers only (reforms, levels) share one loop.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numba
import numpy as np

from tongchou.policy.arrays import analysis
from tongchou.policy.arrays.threads import in_threads
from tongchou.policy.plan import Plan

EXACT = 2**53
CHUNK = 1 << 15
"""Claims per step of a thread: small enough that inputs and outputs of a step stay in the cache."""
TILE = 1 << 11
"""Claims per step of a sweep: they stay in the first-level cache while every reform passes over them."""

Column = np.ndarray[Any, np.dtype[np.float64]]
Segment = tuple[Sequence[int], int, int]
"""Encoded facts (in the order of the plan's facts), first claim, first claim after."""


class TooLargeError(ValueError):
    """An amount is too large to be exact in this path; such claims go one by one through the plan."""


class ColumnKernel:
    """A plan's loop for given input and output columns. Made by :func:`column_kernel`; safe to share between threads."""

    def __init__(self, plan: Plan, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        self.plan = plan
        self.inputs = inputs
        self.outputs = outputs
        parts = analysis.split(plan, varying=inputs, wanted=("refused", *outputs))
        self._row = _prologue(plan, parts)
        loop_text, sums_text = _loop_texts(parts, inputs, outputs)
        self.source = loop_text
        self._loop = _compiled(loop_text, "drive")
        self._sums = _compiled(sums_text, "sweep")

    def row(self, facts: Sequence[int]) -> Column:
        """The numbers of one segment: everything that does not vary from claim to claim."""
        return np.array(self._row(*facts), dtype=np.float64)

    def check(self, columns: Sequence[Column]) -> None:
        """Make sure that no intermediate number leaves the exact range.

        Raises:
            TooLargeError: the largest amounts together, times the policy's finest scale, reach 2⁵².
        """
        largest = sum(float(column.max(initial=0)) for column in columns)
        if largest * 2 * max(self.plan.program.max_scale, 100) * 100 >= EXACT:
            raise TooLargeError(f"amounts up to {largest:.0f} fen are beyond the exact range of this path")

    def run(
        self, columns: Sequence[Column], segments: Sequence[Segment], out: Sequence[Column], *, threads: int = 1
    ) -> None:
        """Compute the outputs of all claims into ``out``: fen, zero where refused; ``refused`` is the refusal's number."""
        self.check(columns)
        rows, starts, stops = self._pieces(segments)
        arguments = (rows, starts, stops, tuple(columns), tuple(out))
        in_threads(lambda low, high: self._loop(low, high, *arguments), len(starts), threads)

    def _pieces(self, segments: Sequence[Segment]) -> tuple[Column, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        rows = np.array([self._row(*facts) for facts, _, _ in segments], dtype=np.float64)
        cuts = [(n, start, min(start + CHUNK, after)) for n, (_, first, after) in enumerate(segments)
                for start in range(first, after, CHUNK)]  # fmt: skip
        numbers, starts, stops = np.ascontiguousarray(np.array(cuts, dtype=np.int64).reshape(-1, 3).T)
        return rows[numbers], starts, stops

    def sums(
        self, columns: Sequence[Column], rows: Column, first: int, after: int, *, threads: int = 1
    ) -> list[list[int]]:
        """Exact sums of each output over the claims ``first`` … ``after`` for many rows of numbers (reforms).

        Args:
            rows: one :meth:`row` per reform; rows of other plans are welcome if their loops are the same (:meth:`shares`).

        Returns:
            For each row the sum of each output.
        """
        self.check(columns)
        tiles = range(first, after, TILE)
        partial = np.zeros((len(tiles), len(rows), len(self.outputs)))
        arguments = (first, after, rows, tuple(columns), partial)
        in_threads(lambda low, high: self._sums(low, high, *arguments), len(tiles), threads)
        return [[int(value) for value in line] for line in partial.astype(np.int64).sum(axis=0)]

    def shares(self, other: ColumnKernel) -> bool:
        """Whether two plans differ in numbers only, so that their rows can go through one loop."""
        return self.source == other.source


@cache
def column_kernel(plan: Plan, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> ColumnKernel:
    """The loop of a plan.

    Args:
        inputs: parameters of ``plan.source`` that come as columns (``b_in_scope``, ``a0``, ``balance`` …); others are zero.
        outputs: results wanted: ``refused``, ``paid:<layer>``, ``burden:<component>``, ``account``, ``deductible``,
            ``delta:<accumulator>``.
    """
    return ColumnKernel(plan, inputs, outputs)


def _prologue(plan: Plan, parts: analysis.Split) -> Callable[..., tuple[int, ...]]:
    facts = ", ".join(f"f{number}" for number in range(len(plan.facts)))
    lines = [f"    {name} = {ast.unparse(value)}" for name, value in parts.prologue]
    handed = ", ".join(ast.unparse(node) for node in parts.handed)
    text = "\n".join([f"def row({facts}):", *lines, f"    return ({handed},)" if handed else "    return (0,)"])
    namespace: dict[str, Any] = dict(plan.program.constants)
    exec(compile(text, f"<row {plan.id}>", "exec"), namespace)  # noqa: S102 - text generated here
    made: Callable[..., tuple[int, ...]] = namespace["row"]
    return made


class _Lanes(ast.NodeTransformer):
    """Rewrites integer operators for whole numbers in float64 lanes."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, ast.FloorDiv):
            return node
        quotient = ast.BinOp(node.left, ast.Div(), node.right)
        return ast.Call(ast.Name("floor", ast.Load()), [quotient], [])

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id not in ("min", "max"):
            raise TypeError(f"not an operator of the policy language: {ast.unparse(node)}")
        folded = node.args[0]
        for argument in node.args[1:]:
            folded = ast.Call(ast.Name(f"{node.func.id}_lane", ast.Load()), [folded, argument], [])
        return folded

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant(float(node.value)) if isinstance(node.value, int) else node


def _lane_text(node: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(_Lanes().visit(node)))


def _decided(node: ast.expr) -> str:
    """A result where the claim was not refused, else zero."""
    return f"({_lane_text(node)} if no == 0.0 else 0.0)"


def _loop_texts(parts: analysis.Split, inputs: Sequence[str], outputs: Sequence[str]) -> tuple[str, str]:
    """Source of the loop that writes columns and of the loop that sums, over the same body."""
    given = [f"    {name} = row[{number}]" for number, name in enumerate(parts.names)]
    read = [f"        {name} = c{number}[i]" for number, name in enumerate(inputs)]
    body = [f"        {name} = {_lane_text(value)}" for name, value in parts.body]
    body.append(f"        no = {_lane_text(parts.returned['refused'])}")
    values = ["no" if name == "refused" else _decided(parts.returned[name]) for name in outputs]
    columns = ", ".join(f"c{number}" for number in range(len(inputs)))
    results = ", ".join(f"o{number}" for number in range(len(outputs)))
    written = [f"        o{number}[i] = {value}" for number, value in enumerate(values)]
    sums = [f"    s{number} = 0.0" for number in range(len(outputs))]
    added = [f"        s{number} += {value}" for number, value in enumerate(values)]
    kept = [f"    total[{number}] = s{number}" for number in range(len(outputs))]
    unpack_columns = [f"    c{number} = columns[{number}]" for number in range(len(inputs))]
    unpack_out = [f"    o{number} = out[{number}]" for number in range(len(outputs))]
    loop = "\n".join([
        f"def loop(row, {columns}, {results}):", *given, "    for i in range(len(c0)):", *read, *body, *written,
        "", "def drive(low, high, rows, starts, stops, columns, out):", *unpack_columns, *unpack_out,
        "    for piece in range(low, high):",
        "        start, stop = starts[piece], stops[piece]",
        f"        loop(rows[piece], {_slices(columns)}, {_slices(results)})",
    ])  # fmt: skip
    sweep = "\n".join([
        f"def loop(row, {columns}, total):", *given, *sums, "    for i in range(len(c0)):", *read, *body, *added,
        *kept,
        "", "def sweep(low, high, first, after, rows, columns, partial):", *unpack_columns,
        "    for tile in range(low, high):",
        f"        start = first + tile * {TILE}",
        f"        stop = min(start + {TILE}, after)",
        "        for reform in range(len(rows)):",
        f"            loop(rows[reform], {_slices(columns)}, partial[tile, reform])",
    ])  # fmt: skip
    return loop, sweep


def _slices(names: str) -> str:
    """The columns cut to a piece: a loop from zero has no negative index to mind, so the compiler can take it in lanes."""
    return ", ".join(f"{name}[start:stop]" for name in names.split(", "))


@cache
def _compiled(text: str, entry: str) -> Any:
    """Compile a text once per process; plans with the same text share the machine code.

    ``reassoc`` lets sums be taken in lanes; all sums are of whole numbers below 2⁵³, so their order does not matter.
    """
    fast = {"nnan", "ninf", "nsz", "reassoc"} if entry == "sweep" else {"nnan", "ninf", "nsz"}
    namespace: dict[str, Any] = {"floor": np.floor, "min_lane": _min_lane, "max_lane": _max_lane}
    exec(compile(text, "<columns>", "exec"), namespace)  # noqa: S102 - text generated here
    namespace["loop"] = numba.njit(nogil=True, fastmath=fast, error_model="numpy")(namespace["loop"])
    return numba.njit(nogil=True, error_model="numpy")(namespace[entry])


@numba.njit(nogil=True, inline="always")
def _min_lane(a: float, b: float) -> float:
    return a if a < b else b


@numba.njit(nogil=True, inline="always")
def _max_lane(a: float, b: float) -> float:
    return a if a > b else b
