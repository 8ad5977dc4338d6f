"""The JSON Schema of packs for editors: completion and early warnings. What is right is decided by ``policy check``.

A test keeps it in step with the readers: an unknown key makes them list the keys they know, and these must be the same.
"""

from __future__ import annotations

import json
from typing import Any

from tongchou.policy.model import COMPONENTS

Schema = dict[str, Any]
PERIODS = ["visit", "month", "year", "day", "life"]
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
TEXT: Schema = {"type": ["string", "number", "boolean"]}
WORDS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
ANY: Schema = {}


def obj(required: str = "", **properties: Schema) -> Schema:
    """A mapping with these keys and no others; ``cite``, ``note`` and a choice of readings may always stand in it."""
    always: Schema = {"cite": TEXT, "note": TEXT}
    keys = {name.rstrip("_"): {"anyOf": [schema, ref("by_reading")]} for name, schema in properties.items()}
    exact: Schema = {"type": "object", "properties": {**always, **keys}, "additionalProperties": False}
    if required:
        exact["required"] = required.split()
    return {"anyOf": [ref("by_reading"), exact]}


def ref(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def one_of(*words: str) -> Schema:
    """One word out of a few."""
    return {"anyOf": [{"enum": list(words)}, ref("by_reading")]}


def many(item: Schema) -> Schema:
    """A list, or a single item in its place."""
    return {"anyOf": [{"type": "array", "items": {"anyOf": [item, ref("by_reading")]}}, item]}


def named(item: Schema) -> Schema:
    """A mapping of free names."""
    either = {"anyOf": [item, ref("by_reading")]}
    return {"type": "object", "properties": {"cite": TEXT, "note": TEXT}, "additionalProperties": either}


NUMBER, WHEN = ref("quantity"), ref("condition")
RATE = ref("rate")
COMPONENT: Schema = TEXT
COUNTER: Schema = {"type": "string", "pattern": r"^[a-z]+\.[a-z][a-z0-9_]*(:[0-9]+)?$"}


def _basics() -> dict[str, Schema]:
    return {
        "by_reading": {"type": "object", "required": ["by_reading"], "description": "歧义的各种理解"},
        "condition": {"anyOf": [TEXT, ref("by_reading")], "description": "条件"},
        "rate": {
            "anyOf": [SCALAR, {"type": "object", "required": ["value"]}, ref("by_reading")],
            "description": "一个比例、或null加note",
        },
        "quantity": {
            "anyOf": [
                SCALAR,
                {"type": "object", "required": ["by"]},
                {"type": "object", "required": ["value"]},
                ref("by_reading"),
            ],
            "description": "数、表达式、表格(by)、或null加note",
        },
    }


def _layer_parts() -> dict[str, Schema]:
    return {
        "adjustment": obj(
            add=NUMBER, times=NUMBER, set=NUMBER, at_least=NUMBER, at_most=NUMBER, when=WHEN, label=TEXT
        ),
        "cap": obj(
            "amount", on=one_of("cost", "payment", "deductible"), per=one_of(*PERIODS), amount=NUMBER, counts=COUNTER,
            rest_to=one_of(*COMPONENTS), moves=one_of("payment", "cost"), title=TEXT, when=WHEN, acknowledged=TEXT,
        ),
        "nth": obj(
            "counts", counts=COUNTER, factors={"type": "array", "items": NUMBER}, then=NUMBER, subtract=NUMBER,
            reduce=NUMBER, floor=NUMBER, when=WHEN,
        ),
        "deductible": obj(
            "amount", amount=NUMBER, per=one_of(*PERIODS), counts=COUNTER, adjust=many(ref("adjustment")), nth=ref("nth"),
            adjust_after_nth=many(ref("adjustment")), sum_caps=many(ref("cap")),
        ),
        "tier": {"anyOf": [
            obj("ratio", to=NUMBER, ratio=NUMBER, fixed=SCALAR),
            obj("every add up_to", every=NUMBER, add=NUMBER, up_to=NUMBER, fixed=SCALAR),
        ]},
        "bands": obj(
            "tiers", measure=one_of("above_deductible", "gross", "payment"), counts=COUNTER, whole_amount=SCALAR,
            tiers=many(ref("tier")),
        ),
        "feed": obj("to", to=COUNTER, what=one_of("base", "paid", "deductible", "one"), times=NUMBER, when=WHEN),
        "cumulate": obj("counts paid", counts=COUNTER, paid=COUNTER),
    }  # fmt: skip


def _benefit_parts() -> dict[str, Schema]:
    return {
        "layer": obj(
            "id title pays_from base", id=TEXT, title=TEXT, pays_from=TEXT, base=many(COMPONENT), when=WHEN,
            cumulate=ref("cumulate"), deductible=ref("deductible"), bands={"anyOf": [many(ref("tier")), ref("bands")]},
            amount=NUMBER, adjust=many(ref("adjustment")), caps=many(ref("cap")), rounding=one_of("half_up", "trunc"),
            feeds=many(ref("feed")),
        ),
        "move": obj("title", title=TEXT, of=COMPONENT, to=one_of(*COMPONENTS), ratio=NUMBER, amount=NUMBER, when=WHEN),
        "requirement": obj("when because", when=WHEN, because=TEXT),
        "benefit": obj(
            "name", name=WORDS, title=TEXT, requires=many(ref("requirement")), moves=many(ref("move")),
            layers=many(ref("layer")), uncovered_to=one_of(*COMPONENTS),
        ),
        "payer": obj(
            "id title fund", id=TEXT, title=TEXT, fund=TEXT, pays=WORDS, when=WHEN, benefits=WORDS, before_layers=SCALAR,
        ),
    }  # fmt: skip


def _sections() -> dict[str, Schema]:
    kinds = ["int", "fen", "bool", "enum", "set", "date", "code"]
    return {
        "version": obj("from", from_=TEXT, until=TEXT, published=TEXT, replaces=TEXT, gap=TEXT),
        "source": obj(
            "title", title=TEXT, short=TEXT, number=TEXT, date=TEXT, issuer=TEXT, seed=TEXT, url=TEXT, articles=TEXT
        ),
        "fact": obj(
            title=TEXT, kind=one_of(*kinds), unit=TEXT, values=WORDS, same_as=named(TEXT), source=TEXT, default=ANY
        ),
        "accumulator": obj("title", title=TEXT, unit=one_of("元", "次"), by=TEXT),
        "part": obj("title", title=TEXT, kinds=WORDS),
        "ambiguity": obj(
            "id text readings adopted why", id=TEXT, text=TEXT, readings=named(TEXT), adopted=TEXT, why=TEXT
        ),
        "exclusions": obj("rules", benefits=WORDS, rules=many(ref("requirement"))),
        "lines": obj("classes", classes=named(RATE), kinds=named(RATE), item_ratio=one_of("first", "ignored")),
        "printed": obj("says", says=TEXT, holds=NUMBER, acknowledged=TEXT),
    }


def _calculations() -> dict[str, Schema]:
    inputs = ["int", "fen", "rate", "bool", "enum", "date"]
    units = ["fen", "int", "rate", "decimal", "date", "bool"]
    behalf = obj("who amount payer", who=TEXT, classes=WORDS, amount=NUMBER, payer=TEXT)
    return {
        "financing": obj(
            "payers classes",
            payers=named(TEXT),
            classes=many({"type": "object"}),
            on_behalf=many(behalf),
            same_as=named(TEXT),
        ),
        "input": obj("title", title=TEXT, kind=one_of(*inputs), unit=TEXT, values=WORDS),
        "repeat": obj("name title from to", name=TEXT, title=TEXT, from_=NUMBER, to=NUMBER, start=NUMBER),
        "step": obj("name title value", name=TEXT, title=TEXT, unit=one_of(*units), value=NUMBER, repeat=ref("repeat")),
        "formula": obj(
            "steps", title=TEXT, inputs=named(ref("input")), steps=many(ref("step")), requires=many(ref("requirement"))
        ),
    }


def pack_schema() -> Schema:
    """The schema of one pack file (JSON Schema 2020-12)."""
    pack = obj(
        "pack title source version", language=TEXT, pack=TEXT, title=TEXT, source=ref("source"), version=ref("version"),
        benefit_year=TEXT, counts_in=one_of("discharge", "admission", "split"), funds=named(TEXT), facts=named(ref("fact")),
        accumulators=named(ref("accumulator")), define=named(WHEN), tables=named(NUMBER), ambiguities=many(ref("ambiguity")),
        exclusions=ref("exclusions"), lines=ref("lines"), parts=named(ref("part")), benefits=many(ref("benefit")),
        payers=many(ref("payer")), financing=ref("financing"), formulas=named(ref("formula")), printed=many(ref("printed")),
    )["anyOf"][1]  # fmt: skip
    definitions = {**_basics(), **_layer_parts(), **_benefit_parts(), **_sections(), **_calculations()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "统筹政策包",
        **pack,
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as it is written to ``policies/pack.schema.json``."""
    return json.dumps(pack_schema(), ensure_ascii=False, indent=1) + "\n"
