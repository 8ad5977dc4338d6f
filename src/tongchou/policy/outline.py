"""The rules of a pack as a person edits them: benefits, layers, and in each the lists whose entries may be changed by form.

Made from the content as written, before anything is understood, so that a draft with mistakes can still be mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tongchou.policy.editing import Step, flow
from tongchou.policy.model import COMPONENTS
from tongchou.policy.vocabulary import COMPONENT_TITLES

At = tuple[Step, ...]
SECTIONS = ("tables", "define", "exclusions", "benefits")
"""What may be changed by form."""
_PERIODS = {"visit": "每次", "day": "每日", "month": "每月", "year": "每年度", "life": "终身"}
_REST = {name: COMPONENT_TITLES[name] for name in COMPONENTS}
FIELDS: Mapping[str, tuple[tuple[str, str, Mapping[str, str]], ...]] = {
    "tier": (("to", "到（元；最后一段不写）", {}), ("ratio", "比例", {})),
    "cap": (
        ("on", "限什么", {"payment": "支付", "cost": "计入费用", "deductible": "起付标准"}),
        ("per", "期间", _PERIODS),
        ("amount", "金额（元）", {}),
        ("counts", "累计项", {}),
        ("rest_to", "超出部分归入", _REST),
        ("moves", "归入的是（限支付时）", {"payment": "被削减的支付", "cost": "到达限额以后的费用"}),
        ("title", "名称", {}),
        ("when", "条件", {}),
    ),
    "adjustment": (
        ("add", "加减（如10pp、-5pp）", {}),
        ("times", "乘以（如110%）", {}),
        ("set", "改为", {}),
        ("at_least", "不低于", {}),
        ("at_most", "不高于", {}),
        ("when", "条件", {}),
        ("label", "适用于", {}),
    ),
    "requirement": (("when", "条件", {}), ("because", "说明（给参保人看）", {})),
    "deductible": (("amount", "金额（元）", {}), ("per", "期间", _PERIODS), ("counts", "累计项", {})),
    "layer": (("title", "名称", {}), ("when", "条件", {})),
    "condition": (("value", "条件", {}),),
    "row": (("name", "取值", {}), ("value", "数字", {})),
}
"""By kind of entry: the keys that its form always has, what they are called, and their choices."""
WHOLE = ("condition", "row")
"""Kinds whose entry is one value under a name, not a mapping of keys."""
KEPT = ("cite", "note")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: the key in the pack, its name, its value as the pack would write it, choices by word."""

    key: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def odd(self) -> bool:
        """Whether it says something else than one of the choices (a choice of readings)."""
        return bool(self.choices and self.value) and self.value not in dict(self.choices)


@dataclass(frozen=True, slots=True)
class Item:
    """An entry that may be changed: where it stands, what kind it is, what it says in one line."""

    at: At
    kind: str
    number: int
    said: str
    fields: tuple[Field, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Place:
    """A list of entries of one kind, or where one may be begun; ``single``: at most one entry."""

    title: str
    at: At
    kind: str
    items: tuple[Item, ...]
    blank: tuple[Field, ...]
    single: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with its lists; a layer says where it stands among ``of`` layers, so that it can be moved."""

    title: str
    at: At
    places: tuple[Place, ...]
    parts: tuple[Part, ...] = ()
    number: int = 0
    of: int = 0


def outline(content: Any) -> tuple[Part, ...]:
    """The parts of a pack that may be changed by form, in the order of the document."""
    top = content if isinstance(content, dict) else {}
    found = [_benefit(benefit, at) for at, benefit in _entries(top.get("benefits"), ("benefits",))]
    exclusions = top.get("exclusions")
    if isinstance(exclusions, dict):
        at: At = ("exclusions", "rules")
        found.append(
            Part("不予支付", ("exclusions",), (_list("不予支付的情形", at, "requirement", exclusions.get("rules")),))
        )
    tables = _mapping(top.get("tables"))
    if tables:
        found.append(Part("附表", ("tables",), tuple(_table(name, table) for name, table in tables.items())))
    defines = _mapping(top.get("define"))
    if defines:
        items = [
            _whole(("define", name), "condition", n, name, value)
            for n, (name, value) in enumerate(defines.items(), 1)
            if name not in KEPT
        ]
        place = Place("条件的名称", ("define",), "condition", tuple(items), _blank("condition", named=True))
        found.append(Part("适用口径", ("define",), (place,)))
    return tuple(found)


def part_of(parts: tuple[Part, ...], at: At) -> Part | None:
    """The innermost part that a place stands in."""
    for part in parts:
        if part.at == at[: len(part.at)]:
            return part_of(part.parts, at) or part
    return None


def place_of(parts: tuple[Part, ...], at: At) -> Place | None:
    """The list that is at a place, or that an entry at this place belongs to."""
    part = part_of(parts, at)
    for place in part.places if part is not None else ():
        if place.at == at or any(item.at == at for item in place.items):
            return place
    return None


def said(content: Any) -> str:
    """An entry in one line, as a pack writes it, without its article."""
    kept = {key: value for key, value in content.items() if key != "cite"} if isinstance(content, dict) else content
    return flow(kept)


def _entries(value: Any, at: At) -> Iterator[tuple[At, dict[str, Any]]]:
    """The mappings of a list with their places; a single mapping stands for a list of one."""
    if isinstance(value, dict):
        yield at, value
    for number, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield (*at, number), item


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _benefit(benefit: dict[str, Any], at: At) -> Part:
    names = benefit.get("name")
    title = "、".join(map(str, names)) if isinstance(names, list) else str(names or "")
    layers = list(_entries(benefit.get("layers"), (*at, "layers")))
    parts = tuple(_layer(layer, where, number, len(layers)) for number, (where, layer) in enumerate(layers, 1))
    return Part(title, at, (_list("享受条件", (*at, "requires"), "requirement", benefit.get("requires")),), parts)


def _layer(layer: dict[str, Any], at: At, number: int, of: int) -> Part:
    own = Item(
        at,
        "layer",
        number,
        said({k: layer[k] for k in ("title", "when") if k in layer}),
        _fields("layer", layer, only=True),
        _cite(layer),
    )
    deductible = layer.get("deductible")
    bands = layer.get("bands")
    tiers: At = (*at, "bands", "tiers") if isinstance(bands, dict) and "tiers" in bands else (*at, "bands")
    listed = _mapping(bands).get("tiers") if tiers[-1] == "tiers" else bands
    places = (
        Place("名称和适用条件", at, "layer", (own,), (), single=True),
        Place(
            "起付标准", (*at, "deductible"), "deductible",
            (_item((*at, "deductible"), "deductible", 1, deductible),) if isinstance(deductible, dict) else (),
            _blank("deductible"), single=True,
        ),
        _list("分段和比例", tiers, "tier", listed),
        _list("比例调整", (*at, "adjust"), "adjustment", layer.get("adjust")),
        _list("限额", (*at, "caps"), "cap", layer.get("caps")),
    )  # fmt: skip
    return Part(str(layer.get("title") or layer.get("id") or number), at, places, (), number, of)


def _list(title: str, at: At, kind: str, value: Any) -> Place:
    items = tuple(_item(where, kind, n, entry) for n, (where, entry) in enumerate(_entries(value, at), 1))
    return Place(title, at, kind, items, _blank(kind))


def _item(at: At, kind: str, number: int, entry: dict[str, Any]) -> Item:
    return Item(at, kind, number, said(entry), _fields(kind, entry), _cite(entry))


def _cite(entry: dict[str, Any]) -> str:
    return str(entry.get("cite") or "")


def _fields(kind: str, entry: dict[str, Any], *, only: bool = False) -> tuple[Field, ...]:
    """The fields of a kind with the entry's values, then whatever else the entry says."""
    known = () if "by_reading" in entry else FIELDS[kind]
    fields = [Field(key, label, written(entry, key), tuple(choices.items())) for key, label, choices in known]
    names = {field.key for field in fields} | {"cite"}
    rest = [] if only else [Field(key, key, written(entry, key)) for key in entry if key not in names]
    return (*fields, *rest)


def written(entry: Mapping[str, Any], key: str) -> str:
    """A value as a form shows it: words and numbers plain, anything else in one line; empty where it is absent."""
    value = entry.get(key)
    if key not in entry:
        return ""
    return value if isinstance(value, str) else flow(value)


def _blank(kind: str, *, named: bool = False) -> tuple[Field, ...]:
    name = (Field("name", "名称", ""),) if named else ()
    return (*name, *(Field(key, label, "", tuple(choices.items())) for key, label, choices in FIELDS[kind]))


def _whole(at: At, kind: str, number: int, name: str, value: Any) -> Item:
    shown = value if isinstance(value, str) else flow(value)
    return Item(at, kind, number, f"{name}：{shown}", (Field("value", name, shown),), "")


def _table(name: str, table: Any) -> Place:
    entries = _mapping(table)
    rows = [
        _whole(("tables", name, key), "row", n, key, value)
        for n, (key, value) in enumerate(
            ((k, v) for k, v in entries.items() if k not in ("by", "unit", "title", "acknowledged", *KEPT)), 1
        )
    ]
    by = entries.get("by")
    heads = "、".join(by) if isinstance(by, list) else str(by or "")
    return Place(f"{name}（按 {heads}）", ("tables", name), "row", tuple(rows), _blank("row"))
