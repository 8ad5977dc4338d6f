"""Encodes facts into integers: enumerations to indexes, sets to bit masks, dates to day ordinals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

from tongchou.kernel.money import format_yuan
from tongchou.kernel.rejection import Rejection
from tongchou.policy.model import BILL_COMPONENTS, AccumulatorSpec, FactSpec
from tongchou.policy.rejections import BILL_WRONG, FACT_MISSING, FACT_WRONG
from tongchou.policy.vocabulary import COMPONENT_TITLES


def encoding_tables(facts: tuple[FactSpec, ...]) -> dict[str, object]:
    """The lookup tables and checks that the encoding refers to by name."""
    tables: dict[str, object] = {"whole": whole, "truth": truth, "mask": mask, "day": day, "negative": negative}
    tables["wrong_fact"] = partial(wrong_fact, facts)
    for number, spec in enumerate(facts):
        if spec.kind in ("enum", "code", "set"):
            indexes = {value: index for index, value in enumerate(spec.values)}
            indexes |= {alias: indexes[value] for alias, value in spec.aliases}
            tables[f"E{number}"] = indexes
        if not spec.required:
            tables[f"D{number}"] = spec.default
    return tables


def encoding_lines(facts: tuple[FactSpec, ...], accumulators: tuple[AccumulatorSpec, ...]) -> list[str]:
    """Statements that turn ``facts``, ``bill`` and ``counters`` into the parameters of a plan's code (not ``balance``).

    The usual value of a fact is taken in place; a function is called only where there is something to look into.
    """
    lines = ["given, used = facts.get, counters.get", "try:"]
    lines += [f"    f{number} = {_encoded(number, spec)}" for number, spec in enumerate(facts)] or ["    pass"]
    lines += ["except (KeyError, TypeError, AttributeError):", "    raise wrong_fact(facts)"]
    amounts = [f"b_{component}" for component in BILL_COMPONENTS]
    lines.append(f"{', '.join(amounts)} = bill")
    lines.append(f"if {' or '.join(f'{amount} < 0' for amount in amounts)}: raise negative(bill)")
    lines += [f"a{number} = used({spec.name!r}, 0)" for number, spec in enumerate(accumulators)]
    return lines


def _encoded(number: int, spec: FactSpec) -> str:
    value = f"facts[{spec.name!r}]" if spec.required else f"given({spec.name!r}, D{number})"
    if spec.kind == "enum":
        return f"E{number}[{value}]"
    if spec.kind == "code":
        return f"E{number}.get({value}, -1)"
    if spec.kind == "set":
        return f"mask(value, E{number}) if (value := {value}) else 0"
    if spec.kind == "bool":
        return f"0 if (value := {value}) is False else truth(value)"
    return f"day({value})" if spec.kind == "date" else f"value if type(value := {value}) is int else whole(value)"


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
    if isinstance(values, str):
        raise TypeError(f"not a set: {values!r}")
    bits = 0
    for value in values:
        if value in indexes:
            bits |= 1 << indexes[value]
    return bits


def negative(bill: Iterable[int]) -> Rejection:
    """The rejection of a bill, its components in their order, that has a negative one."""
    name, amount = next(pair for pair in zip(BILL_COMPONENTS, bill, strict=True) if pair[1] < 0)
    return BILL_WRONG(component=COMPONENT_TITLES[name], amount=format_yuan(amount))


def wrong_fact(specs: tuple[FactSpec, ...], facts: Mapping[str, object]) -> Rejection:
    """The rejection that says which fact is missing or wrong."""
    for spec in specs:
        if spec.required and (spec.name not in facts or facts[spec.name] is None):
            return FACT_MISSING(fact=spec.name, title=spec.title)
        value = facts.get(spec.name, spec.default)
        if value is None:
            return FACT_MISSING(fact=spec.name, title=spec.title)
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
