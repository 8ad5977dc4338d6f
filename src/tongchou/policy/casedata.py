"""Case files as plain data, to be changed and written again: dates moved into a new version, expectations changed.

The reader is :mod:`tongchou.policy.caseread`; what is written here it reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

import yaml

from tongchou.policy.nodes import Map, Scalar, Seq, Tree

DATES = ("on", "rules_of", "admitted")
Data = dict[str, Any]
_RESOLVER = yaml.resolver.Resolver()


def plain(tree: Tree) -> Any:
    """The content in written order: mappings, lists, text; ``None`` for ``null``."""
    if isinstance(tree, Scalar):
        return None if tree.is_null else tree.text
    if isinstance(tree, Seq):
        return [plain(item) for item in tree.items]
    return {key: plain(value) for key, value in tree.entries.items()}


def case_data(tree: Map) -> list[Data]:
    """Each case of a file by itself, with what the file says once for all of them."""
    top: Data = plain(tree)
    listed = top.pop("cases", [])
    shared = {key: value for key, value in top.items() if key != "title"}
    found = []
    for case in listed if isinstance(listed, list) else [listed]:
        whole = {**shared, **case}
        if isinstance(shared.get("facts"), dict):
            whole["facts"] = {**shared["facts"], **case.get("facts", {})}
        found.append(whole)
    return found


def moved(case: Data, first: date) -> Data:
    """The case with all its days later by whole years, as few as bring its earliest day to ``first`` or after."""
    days = [day for place in _places(case) for key in DATES if (day := _day(place.get(key))) is not None]
    if not days:
        return {**case, "on": first.isoformat()}
    years = 0
    while later(min(days), years) < first:
        years += 1
    return _moved(case, years)


def later(day: date, years: int) -> date:
    """The same day so many years later; the 29th of February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _moved(case: Data, years: int) -> Data:
    result = dict(case)
    for key in DATES:
        day = _day(case.get(key))
        if day is not None:
            result[key] = later(day, years).isoformat()
    for key in ("visits", "lines"):
        if isinstance(case.get(key), list):
            result[key] = [_moved(inner, years) for inner in case[key]]
    return result


def _places(case: Data) -> list[Data]:
    visits = case.get("visits")
    found = [case, *(visits if isinstance(visits, list) else [])]
    return [*found, *(line for place in found if isinstance(place.get("lines"), list) for line in place["lines"])]


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def expectations(case: Data) -> dict[str, str]:
    """What a case expects, by ``step/name``: ``2/pool`` is the pool's payment on the second visit."""
    steps = case["visits"] if isinstance(case.get("visits"), list) else [case]
    return {
        f"{number}/{name}": str(value)
        for number, step in enumerate(steps, 1)
        for name, value in (step.get("expect") or {}).items()
    }


def with_expectations(case: Data, changed: Mapping[str, str]) -> Data:
    """The case with some expectations changed (names as in :func:`expectations`)."""
    result = dict(case)
    if isinstance(case.get("visits"), list):
        result["visits"] = [_expecting(step, number, changed) for number, step in enumerate(case["visits"], 1)]
        return result
    return _expecting(result, 1, changed)


def _expecting(step: Data, number: int, changed: Mapping[str, str]) -> Data:
    known = step.get("expect") or {}
    new = {name: changed.get(f"{number}/{name}", value) for name, value in known.items()}
    return {**step, "expect": new} if known else step


def case_text(cases: Sequence[Data], title: str) -> str:
    """A case file with these cases."""
    return yaml_text({"title": title, "cases": list(cases)})


def yaml_text(value: Mapping[str, Any]) -> str:
    """A document as people would write it: every scalar is text, in quotes only where YAML needs them."""
    return yaml.serialize(_node(value), allow_unicode=True, width=120)


def _node(value: Any) -> yaml.Node:
    """Text stands plain where YAML allows it: ``100`` and ``2026-01-01`` without quotes, as people write them."""
    if isinstance(value, Mapping):
        pairs = [(_node(key), _node(inner)) for key, inner in value.items()]
        flow = bool(pairs) and all(isinstance(inner, yaml.ScalarNode) for _, inner in pairs)
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=flow)
    if isinstance(value, list | tuple):
        items = [_node(inner) for inner in value]
        flow = all(isinstance(inner, yaml.ScalarNode) for inner in items)
        return yaml.SequenceNode("tag:yaml.org,2002:seq", items, flow_style=flow)
    if value is None:
        return yaml.ScalarNode("tag:yaml.org,2002:null", "null")
    text = str(value)
    return yaml.ScalarNode(_plain_tag(text), text)


def _plain_tag(text: str) -> str:
    """The tag under which YAML writes a text without quotes; empty words and ``null`` are text only in quotes."""
    if text in ("", "~", "null"):
        return "tag:yaml.org,2002:str"
    return cast("str", _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]
