"""The OpenAPI document says what the gateway takes and answers: held against the examples taken from a real conversation."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from tests.house.source import ROOT
from tongchou.exchange import addresses, checker, handlers, openapi, tables
from tongchou.kernel.rejection import Rejection
from tongchou.project.openapi import document

EXAMPLE = re.compile(r"^### (\d{4}) .*?\n(.*?)(?=^### |\Z)", re.M | re.S)
BLOCK = re.compile(r"^(input|output):\n\n```json\n(.*?)```", re.M | re.S)


@cache
def validator(name: str) -> Any:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(schema)


def examples(**options: Any) -> dict[str, dict[str, Any]]:
    text = (ROOT / "docs" / "interface-examples.md").read_text("utf-8")
    return {
        number: {kind: json.loads(block, **options) for kind, block in BLOCK.findall(body)}
        for number, body in EXAMPLE.findall(text)
    }


def test_it_is_valid_openapi_and_names_every_transaction_and_every_address() -> None:
    whole = document()
    assert whole["openapi"].startswith("3.1")
    numbers = set(handlers.transactions())
    assert {f"{openapi.CALL}/{number}" for number in numbers} <= set(whole["paths"])
    assert {f"/fsi/api/{service}" for service in addresses.SERVICES} <= set(whole["paths"])
    operations = [one["operationId"] for path in whole["paths"].values() for one in path.values()]
    assert len(operations) == len(set(operations))
    for name, schema in whole["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(whole)))
    assert named == set(whole["components"]["schemas"])


@pytest.mark.parametrize("number", sorted(tables.transactions()))
def test_the_examples_of_a_real_conversation_are_as_the_document_says(number: str) -> None:
    example = examples().get(number)
    assert example, f"docs/interface-examples.md has no example of {number}"
    nodes = document()["components"]["schemas"][f"Message_{number}"]["properties"]["input"]
    jsonschema_rs.Draft202012Validator(nodes).validate(_without_empties(example["input"]))
    if "output" in example:
        validator(f"Output_{number}").validate(example["output"])


@pytest.mark.parametrize("number", sorted(tables.transactions()))
def test_what_is_mandatory_in_the_document_is_what_the_gateway_asks_for(number: str) -> None:
    """Leave out one mandatory field of the example at a time: the document and the checker refuse it alike."""
    example = _without_empties(examples(parse_float=str)[number]["input"])
    nodes = document()["components"]["schemas"][f"Message_{number}"]["properties"]["input"]
    check = jsonschema_rs.Draft202012Validator(nodes)
    checker.check_input(number, example)
    for node in tables.input_nodes(number):
        if node.name not in example:
            continue
        rows = example[node.name] if node.many else [example[node.name]]
        for field in node.fields:
            if not rows or field.name not in rows[0]:
                continue
            less = {name: value for name, value in rows[0].items() if name != field.name}
            changed = {**example, node.name: [less] if node.many else less}
            assert check.is_valid(changed) == _accepted(number, changed), field.name


def test_numbers_and_serials_the_document_allows_are_those_the_gateway_reads() -> None:
    schema = document()["components"]["schemas"]["Message_2102"]["properties"]["input"]["properties"]["drugdetail"]
    row = examples(parse_float=str)["2102"]["input"]["drugdetail"][0]
    whole = examples(parse_float=str)["2102"]["input"]
    for name, values in {
        "feedetl_sn": (1, "1", "007", 0, "0", "x", 10**15, "1" * 16, -1),
        "det_item_fee_sumamt": (1, "1", "1.5", "1.555", "-3.20", "1e3x", "x", 10**14, "9" * 15, True),
    }.items():
        check = jsonschema_rs.Draft202012Validator(schema["items"]["properties"][name])
        for value in values:
            told = check.is_valid(value)
            changed = {**whole, "drugdetail": [{**row, name: value}]}
            assert told == _accepted("2102", changed), (name, value)


def _accepted(number: str, values: Any) -> bool:
    try:
        checker.check_input(number, values)
    except Rejection:
        return False
    return True


def _without_empties(value: Any) -> Any:
    """The documented form leaves out what is not given; the examples, like many systems, send it as "" too."""
    if isinstance(value, dict):
        return {name: _without_empties(one) for name, one in value.items() if one not in ("", None)}
    return [_without_empties(one) for one in value] if isinstance(value, list) else value
