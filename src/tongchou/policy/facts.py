"""Encodes facts into integers: enumerations to indexes, sets to bit masks, dates to day ordinals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from tongchou.kernel.rejection import Rejection
from tongchou.policy.model import BILL_COMPONENTS, AccumulatorSpec, FactSpec
from tongchou.policy.rejections import FACT_MISSING, FACT_WRONG


def encoding_tables(facts: tuple[FactSpec, ...]) -> dict[str, object]:
    """The lookup tables that the generated call refers to by name."""
    tables: dict[str, object] = {"whole": whole, "truth": truth, "mask": mask, "day": day}
    for number, spec in enumerate(facts):
        if spec.kind in ("enum", "code", "set"):
            indexes = {value: index for index, value in enumerate(spec.values)}
            indexes |= {alias: indexes[value] for alias, value in spec.aliases}
            tables[f"E{number}"] = indexes
        if not spec.required:
            tables[f"D{number}"] = spec.default
    return tables


def encoder_source(facts: tuple[FactSpec, ...], accumulators: tuple[AccumulatorSpec, ...]) -> str:
    """Source of ``encode``, ``call_evaluate`` and ``call_trace``, each ``(facts, bill, used, balance)``.

    ``used`` is the ``get`` of the accumulators. The encoding is written out in each, so that one claim costs one call less.
    """
    arguments = [_fact(number, spec) for number, spec in enumerate(facts)]
    arguments += [f"bill.{component}" for component in BILL_COMPONENTS]
    arguments += [f"used({spec.name!r}, 0)" for spec in accumulators]
    inner = ",\n        ".join([*arguments, "balance"])
    names = {"encode": "", "call_evaluate": "evaluate", "call_trace": "trace"}
    return "\n\n".join(
        f"def {name}(facts, bill, used, balance):\n    return {called}(\n        {inner},\n    )\n"
        for name, called in names.items()
    )


def _fact(number: int, spec: FactSpec) -> str:
    value = f"facts[{spec.name!r}]" if spec.required else f"facts.get({spec.name!r}, D{number})"
    if spec.kind == "enum":
        return f"E{number}[{value}]"
    if spec.kind == "code":
        return f"E{number}.get({value}, -1)"
    if spec.kind == "set":
        return f"mask({value}, E{number})"
    if spec.kind == "bool":
        return f"truth({value})"
    return f"day({value})" if spec.kind == "date" else f"whole({value})"


def whole(value: object) -> int:
    """An int, and not a bool or a float."""
    if type(value) is int:
        return value
    raise TypeError(f"not an int: {value!r}")


def truth(value: object) -> int:
    """A bool as 0 or 1."""
    if value is True or value is False:
        return 1 if value else 0
    raise TypeError(f"not a bool: {value!r}")


def day(value: object) -> int:
    """A date as its ordinal."""
    if isinstance(value, date):
        return value.toordinal()
    raise TypeError(f"not a date: {value!r}")


def mask(values: Iterable[str], indexes: Mapping[str, int]) -> int:
    """A set of words as a bit mask; words that the policy does not know are no part of it."""
    if not values:
        return 0
    if isinstance(values, str):
        raise TypeError(f"not a set: {values!r}")
    bits = 0
    for value in values:
        if value in indexes:
            bits |= 1 << indexes[value]
    return bits


def wrong_fact(specs: tuple[FactSpec, ...], facts: Mapping[str, object]) -> Rejection:
    """The rejection that says which fact is missing or wrong."""
    for spec in specs:
        if spec.required and (spec.name not in facts or facts[spec.name] is None):
            return FACT_MISSING(fact=spec.name, title=spec.title)
        value = facts.get(spec.name, spec.default)
        if not _fits(spec, value):
            return FACT_WRONG(fact=spec.name, title=spec.title, value=value, allowed=_allowed(spec))
    raise AssertionError("the facts are all well-formed")


def _fits(spec: FactSpec, value: object) -> bool:
    if spec.kind == "enum":
        return value in spec.values or value in dict(spec.aliases)
    if spec.kind == "code":
        return isinstance(value, str)
    if spec.kind == "set":
        return not isinstance(value, str) and isinstance(value, Iterable)
    if spec.kind == "bool":
        return value is True or value is False
    return isinstance(value, date) if spec.kind == "date" else type(value) is int


def _allowed(spec: FactSpec) -> str:
    if spec.values:
        return "、".join((*spec.values, *(alias for alias, _ in spec.aliases)))
    return {"bool": "是或否", "date": "日期", "fen": "整数(分)"}.get(spec.kind, f"整数({spec.unit})")
