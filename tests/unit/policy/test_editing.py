"""Rules changed in the text of a pack: what is said is exactly the changed content; comments and layout of the rest stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyErrors, default_pack_directory
from tongchou.policy.casedata import plain
from tongchou.policy.editing import DROP, INSERT, MOVE, PUT, Edit, Step, changed, edited, flow, read_value
from tongchou.policy.loader import pack_files
from tongchou.policy.nodes import parse_yaml

TEXT = """# head
benefits:
  - name: 住院          # 五(三)
    layers:
      - id: pool        # 统筹
        base: [in_scope]
        bands:
          - {to: 1000, ratio: 50%}   # 低段
          # 高段
          - {ratio: 60%}
        caps: [{on: payment, amount: 5}, {on: cost, amount: 9}]
      - id: large
        bands: {ratio: 40%}
        # 末尾
"""
BANDS: tuple[Step, ...] = ("benefits", 0, "layers", 0, "bands")
NEW = {"to": "500", "ratio": "30%", "cite": "某〔2026〕1号"}


def after(*edits: Edit) -> str:
    return edited(TEXT, edits, "x")


def at(text: str, *steps: Step) -> Any:
    content = plain(parse_yaml(text, "x"))
    for step in steps:
        content = content[step]
    return content


def test_a_band_is_added_in_its_place() -> None:
    text = after(Edit(INSERT, BANDS, NEW, 0))
    assert text == TEXT.replace(
        "          - {to: 1000", "          - {to: 500, ratio: 30%, cite: 某〔2026〕1号}\n          - {to: 1000"
    )
    last = after(Edit(INSERT, BANDS, NEW, 2))
    assert at(last, *BANDS)[2] == NEW
    assert "# 高段\n          - {ratio: 60%}\n          - {to: 500" in last


def test_a_band_is_replaced_and_dropped_and_comments_stay() -> None:
    text = after(Edit(PUT, (*BANDS, 0), NEW), Edit(DROP, (*BANDS, 1)))
    assert at(text, *BANDS) == [NEW]
    assert "cite: 某〔2026〕1号}   # 低段" in text
    assert all(comment in text for comment in ("# head", "# 五(三)", "# 统筹", "# 末尾"))


def test_a_single_entry_becomes_a_list() -> None:
    second = ("benefits", 0, "layers", 1, "bands")
    assert at(after(Edit(INSERT, second, NEW, 0)), *second) == [NEW, {"ratio": "40%"}]


def test_entries_in_one_line() -> None:
    caps = ("benefits", 0, "layers", 0, "caps")
    assert "caps: [{on: cost, amount: 9}]" in after(Edit(DROP, (*caps, 0)))
    assert "caps: [{on: payment, amount: 5}]" in after(Edit(DROP, (*caps, 1)))
    assert "caps: [{on: cost, amount: 9}, {on: payment, amount: 5}]" in after(Edit(MOVE, (*caps, 0), index=1))
    assert "{on: payment, amount: 5, when: visit.days > 3}" in after(Edit(PUT, (*caps, 0, "when"), "visit.days > 3"))


def test_layers_change_places_with_all_that_they_say() -> None:
    text = after(Edit(MOVE, ("benefits", 0, "layers", 1), index=-1))
    assert [layer["id"] for layer in at(text, "benefits", 0, "layers")] == ["large", "pool"]
    assert (
        after(Edit(MOVE, ("benefits", 0, "layers", 1), index=-1), Edit(MOVE, ("benefits", 0, "layers", 0), index=1))
        == TEXT
    )


def test_a_key_is_set_and_taken_away() -> None:
    layer = ("benefits", 0, "layers", 0)
    text = after(Edit(PUT, (*layer, "when"), "person.type == 在职"))
    assert at(text, *layer, "when") == "person.type == 在职"
    assert edited(text, [Edit(DROP, (*layer, "when"))], "x") == TEXT
    assert at(after(Edit(DROP, (*layer, "id"))), *layer).keys() == {"base", "bands", "caps"}
    assert "caps" not in at(after(Edit(DROP, (*layer, "caps"))), *layer)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(DROP, ("benefits", 0, "nothing")),
        Edit(PUT, ("benefits", 7, "name"), "x"),
        Edit(INSERT, BANDS, NEW, 9),
        Edit(MOVE, (*BANDS, 0), index=-1),
        Edit(DROP, ("benefits", 0)),
    ],
)
def test_places_that_there_are_not(edit: Edit) -> None:
    with pytest.raises(Rejection, match="POL-055"):
        after(edit)


def test_what_is_written_once_and_used_twice_is_refused() -> None:
    text = "a: &x {ratio: 50%}\nb: *x\n"
    with pytest.raises(Rejection, match="POL-056"):
        edited(text, [Edit(PUT, ("b", "ratio"), "60%")], "x")


@given(st.recursive(st.none() | st.text(max_size=12), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)))  # fmt: skip
def test_any_content_in_one_line(value: Any) -> None:
    try:
        said = plain(parse_yaml(f"key: {flow(value)}", "x"))["key"]
    except PolicyErrors:
        return  # control characters and the like, which no YAML holds
    assert said == value


def test_what_a_person_types() -> None:
    assert read_value("65%") == "65%"
    assert read_value("person.type == 在职") == "person.type == 在职"
    assert read_value("{by: visit.level, 一级: 65%, 二级: 60%}") == {"by": "visit.level", "一级": "65%", "二级": "60%"}
    assert read_value("null") is None
    with pytest.raises(PolicyErrors):
        read_value("{by: visit.level")


def lists_of(content: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], list[Any]]]:
    if isinstance(content, list):
        yield steps, content
    pairs = enumerate(content) if isinstance(content, list) else content.items() if isinstance(content, dict) else ()
    for step, inner in pairs:
        yield from lists_of(inner, (*steps, step))


PACKS = pack_files(default_pack_directory())
NOW_AND_THEN = [file if file.stem == "gs-city" else pytest.param(file, marks=pytest.mark.slow) for file in PACKS]


@pytest.mark.parametrize("file", NOW_AND_THEN, ids=lambda file: file.stem)
def test_every_list_of_every_shipped_pack(file: Any) -> None:
    """An entry is added at the front and the end, moved, replaced, dropped: the text says the content, or it is refused."""
    text = file.read_text("utf-8")
    refused = 0
    for steps, items in lists_of(plain(parse_yaml(text, "x"))):
        size = len(items)
        edits = [Edit(INSERT, steps, NEW, 0), Edit(INSERT, steps, NEW, size)]
        edits += [Edit(PUT, (*steps, size - 1), NEW)] if size else []
        edits += (
            [Edit(DROP, (*steps, 0)), Edit(DROP, (*steps, size - 1)), Edit(MOVE, (*steps, 0), index=1)]
            if size > 1
            else []
        )
        for edit in edits:
            try:
                new = edited(text, [edit], "x")
            except Rejection:
                refused += 1
                continue
            assert plain(parse_yaml(new, "x")) == changed(plain(parse_yaml(text, "x")), edit)
    assert refused == 0
