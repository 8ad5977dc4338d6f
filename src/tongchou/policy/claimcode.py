"""Generates the functions that take one claim as it comes: facts, bill, counters, account balance.

Each encodes its arguments and computes in one frame, so that a claim costs no call and no tuple in between. The arithmetic
is the text of the integer function, ``program.body``, word for word.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

from tongchou.kernel.rejection import Rejection
from tongchou.policy.facts import encoding_lines, encoding_tables
from tongchou.policy.program import Program

Numbers = tuple[int, ...]
Call = Callable[..., Numbers]


class ClaimFunctions(NamedTuple):
    """The generated functions of a plan; all but the first are called ``(facts, bill, counters, balance)``.

    ``integers`` takes the parameters of ``program.source``. ``encode`` gives these parameters. ``decide`` and ``trace`` give
    what ``integers`` gives, ``trace`` with the step values behind it, and raise the refusal that applies.
    """

    integers: Call
    encode: Call
    decide: Call
    trace: Call


def claim_functions(program: Program, name: str) -> ClaimFunctions:
    """Compile a program's functions; ``name`` stands in tracebacks."""
    namespace: dict[str, object] = {**program.constants, **encoding_tables(program.facts)}
    namespace["refusal"] = partial(_refusal, program)
    text = f"{program.source}\n\n{claim_source(program)}"
    exec(compile(text, f"<plan {name}>", "exec"), namespace)  # noqa: S102 - text generated here
    made = (namespace[each] for each in ("evaluate", "encode", "decide", "trace"))
    return ClaimFunctions(*(cast("Call", each) for each in made))


def claim_source(program: Program) -> str:
    """Source of ``encode``, ``decide`` and ``trace``."""
    encoding = encoding_lines(program.facts, program.accumulators)
    refusing = ["if refused: raise refusal(refused)"] if program.refusals else []
    computing = [*encoding, *program.body, *refusing]
    return "\n\n".join((
        _function("encode", encoding, program.parameters),
        _function("decide", computing, program.results),
        _function("trace", computing, (*program.results, *program.recorded)),
    ))  # fmt: skip


def _refusal(program: Program, number: int) -> Rejection:
    """The rejection that a program's refusal stands for; the first is number 1."""
    refusal = program.refusals[number - 1]
    return refusal.kind(**dict(refusal.details))


def _function(name: str, lines: list[str], results: tuple[str, ...]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"def {name}(facts, bill, counters, balance):\n{body}    return ({', '.join(results)},)\n"
