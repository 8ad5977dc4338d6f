"""The gateway as an OpenAPI 3.1 document, made from the field tables that also check the messages.

Each transaction stands at the address that names its number; the national platform's own spellings of the addresses point to
the same schemas. Nothing is written per transaction. What a field must look like is what ``exchange.checker`` accepts in its
documented form; that it understands more (numbers as text, other capitals) stands in docs/interface.md.
"""

from __future__ import annotations

from typing import Any

from tongchou.exchange import addresses, checker, tables

CALL = "/fsi/api/rsfComIfsService/callService"
UPLOAD, DOWNLOAD = "9101", "9102"
_DAY = r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
DATE = f"^{_DAY}$"
TIME = f"^{_DAY}( ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?$"
TIME_OR_NOTHING = f"^({TIME[1:-1]})?$"
STAMP = r"^[0-9]{17}$"
SERIAL = r"^0*[1-9][0-9]*$"
LARGEST_SERIAL = 10**checker.MAX_SERIAL_DIGITS - 1

Schema = dict[str, Any]


def paths() -> Schema:
    """Every address of the gateway with its operations."""
    found: Schema = {f"{CALL}/{number}": _operation(number, f"call_{number}") for number in _numbers()}
    found[CALL] = _any_transaction()
    for service, number in addresses.SERVICES.items():
        found[f"/fsi/api/{service}"] = _operation(number, "service_" + service.replace("/", "_"))
    return found


def schemas() -> Schema:
    """The components: a message, an output and an answer per transaction; the refusal."""
    found: Schema = {"Refusal": _refusal()}
    for number in _numbers():
        found[f"Message_{number}"] = _message(number)
        found[f"Output_{number}"] = _output(number)
        found[f"Answer_{number}"] = {"oneOf": [_answer(number), _ref("Refusal")]}
    return found


def _numbers() -> list[str]:
    return sorted(tables.transactions())


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


# --- operations -------------------------------------------------------------------------------------------------------


def _operation(number: str, name: str) -> Schema:
    content: Schema = {"application/json": {"schema": _ref(f"Message_{number}")}}
    if number == UPLOAD:
        content = {"multipart/form-data": {"schema": _upload(), "encoding": {"jsonStr": {"contentType": "text/plain"}}}}
    answers: Schema = {"application/json;charset=UTF-8": {"schema": _ref(f"Answer_{number}")}}
    if number == DOWNLOAD:
        answers["application/octet-stream"] = {"schema": {}}
    return {
        "post": {
            "operationId": name,
            "tags": ["gateway"],
            "summary": number,
            "requestBody": {"required": True, "content": content},
            "responses": {
                "200": {"description": "infcode 0: done; -1: refused, nothing was written", "content": answers}
            },
        }
    }


def _any_transaction() -> Schema:
    messages = [_ref(f"Message_{number}") for number in _numbers() if number != UPLOAD]
    answers = [_answer_head({"type": "integer", "enum": [0]}, {"type": ["object", "array"]}), _ref("Refusal")]
    described = {"description": "as at the transaction's own address", "content": _json({"oneOf": answers})}
    return {
        "post": {
            "operationId": "call",
            "tags": ["gateway"],
            "summary": "any transaction, named by infno",
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": messages}}}},
            "responses": {"200": described},
        }
    }


def _json(schema: Schema) -> Schema:
    return {"application/json;charset=UTF-8": {"schema": schema}, "application/octet-stream": {"schema": {}}}


def _upload() -> Schema:
    """jsonStr is the message as text; the file lies beside it."""
    return {
        "type": "object",
        "required": ["jsonStr", "file"],
        "properties": {
            "jsonStr": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": _ref(f"Message_{UPLOAD}"),
            },
            "file": {"type": "string", "format": "binary"},
        },
    }


# --- messages ---------------------------------------------------------------------------------------------------------


def _message(number: str) -> Schema:
    envelope = _fields_in(tables.input_nodes("envelope")[0].fields)
    nodes = tables.input_nodes(number)
    properties: Schema = {}
    for node in nodes:
        one = _node_in(node)
        properties[node.name] = {"type": "array", "items": one, "maxItems": checker.MAX_ROWS} if node.many else one
    required = [node.name for node in nodes if node.name not in checker.OPTIONAL_NODES]
    envelope["properties"]["infno"] = {"const": number}
    envelope["properties"]["input"] = {"type": "object", "properties": properties, "required": required}
    envelope["required"].append("input")
    return envelope


def _node_in(node: tables.Node) -> Schema:
    schema = _fields_in(node.fields)
    names = {field.name for field in node.fields}
    conditions = [
        {
            "if": {"properties": {other: {"const": value}}, "required": [other]},
            "then": {"properties": {name: {"minLength": 1}}, "required": [name]},
        }
        for name, (other, value) in checker.CONDITIONS.items()
        if {name, other} <= names
    ]
    return {**schema, "allOf": conditions} if conditions else schema


def _fields_in(fields: tuple[tables.Field, ...]) -> Schema:
    return {
        "type": "object",
        "properties": {field.name: _field_in(field) for field in fields},
        "required": [field.name for field in fields if field.required],
    }


def _field_in(field: tables.Field) -> Schema:
    if field.kind == "any":
        return {"description": field.caption}
    if field.kind == "number":
        return _number_in(field)
    if field.kind == "serial":
        limits = {"minimum": 1, "maximum": LARGEST_SERIAL, "pattern": SERIAL, "maxLength": checker.MAX_SERIAL_DIGITS}
        return {"type": ["integer", "string"], **limits, "description": field.caption}
    if field.kind in ("date", "datetime"):
        return {"type": "string", "pattern": DATE if field.kind == "date" else TIME, "description": field.caption}
    if field.code_set:
        return {"type": "string", "enum": list(tables.labels(field.code_set)), "description": field.caption}
    least = {"minLength": 1} if field.required else {}
    return {"type": "string", **least, "maxLength": field.length, "description": field.caption}


def _number_in(field: tables.Field) -> Schema:
    """A JSON number, or the same as text; both are read digit by digit."""
    whole = (field.length or 16) - field.decimals
    fraction = rf"(\.[0-9]{{1,{field.decimals}}})?" if field.decimals else ""
    described = f"{field.caption}；最多 {field.decimals} 位小数" if field.decimals else f"{field.caption}；整数"
    return {
        "type": ["number" if field.decimals else "integer", "string"],
        "exclusiveMinimum": -(10**whole),
        "exclusiveMaximum": 10**whole,
        "pattern": f"^-?[0-9]{{1,{whole}}}{fraction}$",
        "description": described,
    }


# --- answers ----------------------------------------------------------------------------------------------------------


def _answer(number: str) -> Schema:
    return _answer_head({"type": "integer", "enum": [0]}, _ref(f"Output_{number}"))


def _refusal() -> Schema:
    schema = _answer_head({"type": "integer", "enum": [-1]}, {"type": "object", "maxProperties": 0})
    schema["properties"]["err_msg"] = {"type": "string", "pattern": "^【[A-Z]+-[0-9]{3}】", "maxLength": 200}
    return schema


def _answer_head(code: Schema, output: Schema) -> Schema:
    properties = {
        "infcode": code,
        "inf_refmsgid": {"type": "string", "pattern": "^[0-9]{30}$"},
        "refmsg_time": {"type": "string", "pattern": STAMP},
        "respond_time": {"type": "string", "pattern": STAMP},
        "err_msg": {"type": "string", "maxLength": 0},
        "output": output,
        "warn_msg": {"type": "string"},
        "cainfo": {"type": "string"},
        "signtype": {"type": "string"},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _output(number: str) -> Schema:
    """All nodes, all fields, in every answer; empties as the interface wants them. Node "" is the output itself."""
    nodes = tables.output_nodes(number)
    if len(nodes) == 1 and not nodes[0].name:
        one = _node_out(nodes[0])
        return {"type": "array", "items": one} if nodes[0].many else one
    properties = {
        node.name: {"type": "array", "items": _node_out(node)} if node.many else _node_out(node) for node in nodes
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _node_out(node: tables.Node) -> Schema:
    properties = {field.name: _field_out(field) for field in node.fields}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _field_out(field: tables.Field) -> Schema:
    described = {"description": field.caption}
    if field.kind == "any":
        return described
    if field.kind in ("number", "serial"):
        return {"type": "number", **described}
    if field.kind in ("date", "datetime"):
        return {"type": "string", "pattern": TIME_OR_NOTHING, **described}
    if tables.labels(field.code_set):
        return {"type": "string", "enum": [*tables.labels(field.code_set), ""], **described}
    return {"type": "string", "maxLength": field.length, **described}
