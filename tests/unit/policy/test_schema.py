"""The schema for editors: it accepts every pack that we have, refuses what the readers refuse, and knows the same keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tongchou.policy import STANDARD_FACTS, default_pack_directory
from tongchou.policy.findings import Finding
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, Scalar, Seq, Tree, choose_readings
from tongchou.policy.packs import read_ambiguities, read_pack
from tongchou.policy.schema import pack_schema, schema_text

SCHEMA = pack_schema()
PACKS = default_pack_directory()
TREES = [*read_packs(PACKS / "shapes"), *(tree for tree in read_packs(PACKS) if tree.get("pack") is not None)]


def misfits(node: Tree, schema: dict[str, Any]) -> Iterator[str]:
    """Where a pack does not fit; the part of JSON Schema that ours uses."""
    if "$ref" in schema:
        yield from misfits(node, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
        return
    if "anyOf" in schema and not any(not list(misfits(node, choice)) for choice in schema["anyOf"]):
        yield f"{node.file}:{node.line}: fits none of {len(schema['anyOf'])}"
    kinds = {Map: {"object"}, Seq: {"array"}, Scalar: {"string", "number", "boolean", "null"}}[type(node)]
    wanted = schema.get("type", list(kinds))
    if not kinds & set([wanted] if isinstance(wanted, str) else wanted):
        yield f"{node.file}:{node.line}: not {wanted}"
    if isinstance(node, Scalar):
        if "enum" in schema and node.text not in schema["enum"]:
            yield f"{node.file}:{node.line}: {node.text}"
        if "pattern" in schema and not re.search(schema["pattern"], node.text):
            yield f"{node.file}:{node.line}: {node.text}"
    elif "enum" in schema:
        yield f"{node.file}:{node.line}: not a word"
    if isinstance(node, Seq):
        for item in node.items:
            yield from misfits(item, schema.get("items", {}))
    if isinstance(node, Map):
        yield from _of_map(node, schema)


def _of_map(node: Map, schema: dict[str, Any]) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in node.entries:
            yield f"{node.file}:{node.line}: lacks {name}"
    further = schema.get("additionalProperties", {})
    for key, value in node.entries.items():
        own = schema.get("properties", {}).get(key, further)
        if own is False:
            yield f"{node.file}:{node.line}: {key}"
        else:
            yield from misfits(value, own)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.file)
def test_every_pack_fits_the_schema(tree: Map) -> None:
    assert list(misfits(tree, SCHEMA)) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("deductible:", "deductable:"), ("counts: year.paid:310", "counts: paid"), ("measure: payment", "measure: paid")],
)
def test_a_slip_does_not_fit(right: str, wrong: str, tmp_path: Path) -> None:
    text = (PACKS / "shapes/SHP-05.yaml").read_text("utf-8")
    assert right in text
    (tmp_path / "pack.yaml").write_text(text.replace(right, wrong, 1), "utf-8")
    (tree,) = read_packs(tmp_path)
    assert list(misfits(tree, SCHEMA))


def test_the_file_for_editors_is_current() -> None:
    """After a change of the language: ``tongchou policy schema --write``."""
    assert (PACKS / "pack.schema.json").read_text("utf-8") == schema_text()
    json.loads(schema_text())


def known_to_readers(tree: Map, target: Map) -> set[str]:
    """The keys that the reader of one mapping lists when it meets one that it does not know."""

    def marked(node: Tree) -> Tree:
        if isinstance(node, Scalar):
            return node
        if isinstance(node, Seq):
            return Seq(node.file, node.line, tuple(marked(item) for item in node.items))
        entries = {key: marked(value) for key, value in node.entries.items()}
        if node is target:
            entries["unheard_of"] = Scalar(node.file, node.line, "1", False)
        return Map(node.file, node.line, entries)

    findings: list[Finding] = []
    whole = marked(tree)
    assert isinstance(whole, Map)
    read_pack(whole, findings, STANDARD_FACTS)
    (remedy,) = {finding.remedy for finding in findings if "unheard_of" in finding.message}
    return set(remedy.rpartition("此处可用：")[2].split("、"))


def mappings(tree: Tree, name: str) -> Iterator[Map]:
    """The mappings in a pack that one definition describes, by the key under which they stand."""
    where = {
        "layer": ("layers",), "benefit": ("benefits",), "cap": ("caps", "sum_caps"), "deductible": ("deductible",),
        "nth": ("nth",), "move": ("moves",), "payer": ("payers",), "feed": ("feeds",), "cumulate": ("cumulate",),
        "step": ("steps",), "source": ("source",), "version": ("version",), "lines": ("lines",), "exclusions": ("exclusions",),
        "ambiguity": ("ambiguities",),
    }[name]  # fmt: skip
    if isinstance(tree, Map):
        for key, value in tree.entries.items():
            if key in where:
                found = value.items if isinstance(value, Seq) else (value,)
                yield from (item for item in found if isinstance(item, Map))
            yield from mappings(value, name)
    elif isinstance(tree, Seq):
        for item in tree.items:
            yield from mappings(item, name)


@pytest.mark.parametrize(
    "name",
    [
        "layer", "benefit", "cap", "deductible", "nth", "move", "payer", "feed", "cumulate", "step", "source", "version",
        "lines", "exclusions",
    ],
)  # fmt: skip
def test_the_schema_knows_the_keys_that_the_readers_know(name: str) -> None:
    for tree in TREES:
        adopted = {entry.id: entry.adopted for entry in read_ambiguities(tree, [])}
        chosen = choose_readings(tree, adopted, [])
        assert isinstance(chosen, Map)
        target = next(mappings(chosen, name), None)
        if target is not None:
            exact = SCHEMA["$defs"][name]["anyOf"][1]
            assert known_to_readers(chosen, target) | {"cite", "note"} == set(exact["properties"])
            return
    raise AssertionError(f"no pack has a {name}")
