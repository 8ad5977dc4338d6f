"""A rule changed in the text of a pack: a list's entry added, replaced, moved or dropped, a key set; comments and layout stay.

Every change is made twice, on the text and on the content, and the text must then say exactly that content: what can't be
written safely (an anchor used elsewhere, a layout that this module does not know) is refused and never half done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tongchou.policy.casedata import plain
from tongchou.policy.findings import PolicyErrors
from tongchou.policy.nodes import parse_yaml
from tongchou.policy.rejections import EDIT_UNSAFE, EDIT_UNWRITABLE

Step = str | int
PUT, DROP, INSERT, MOVE = "put", "drop", "insert", "move"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the structure.

    ``put``: the value at a place, new or replaced; ``drop``: an entry or a key goes; ``insert``: ``value`` becomes entry
    ``index`` of the list ``at``, which may be absent or a single entry in a list's place; ``move``: an entry changes places
    with the one after (``index`` 1) or before it (-1). ``value`` is content: text, lists, mappings, ``None`` for null.
    """

    do: str
    at: tuple[Step, ...]
    value: Any = None
    index: int = 0


def edited(text: str, edits: Sequence[Edit], file: str) -> str:
    """The text after some changes, in their order.

    Raises:
        PolicyErrors: the text is no YAML. Rejection: POL-055 no such place, POL-056 it can't be written safely.
    """
    for edit in edits:
        wanted = changed(plain(parse_yaml(text, file)), edit)
        try:
            new = _ACTIONS[edit.do](text, edit)
            said = plain(parse_yaml(new, file))
        except (PolicyErrors, yaml.YAMLError, ValueError):
            said = None
        if said != wanted:
            raise EDIT_UNWRITABLE(place=place_words(edit.at))
        text = new
    return text


def place_words(at: Sequence[Step]) -> str:
    """A place in a pack as people read it."""
    return "/".join(str(step + 1) if isinstance(step, int) else step for step in at)


# -- on the content -------------------------------------------------------------------------------------------------------


def changed(content: Any, edit: Edit) -> Any:
    """The content after one change; the given content stays as it is.

    Raises:
        Rejection: POL-055 there is no such place.
    """
    try:
        if edit.do == INSERT:
            return _with(content, edit.at, lambda old: _inserted(old, edit))
        *above, last = edit.at
        return _with(content, tuple(above), lambda old: _around(old, last, edit))
    except (LookupError, TypeError, ValueError):
        raise EDIT_UNSAFE(place=place_words(edit.at)) from None


def _with(content: Any, at: Sequence[Step], change: Callable[[Any], Any]) -> Any:
    if not at:
        return change(content)
    step, rest = at[0], at[1:]
    if isinstance(step, int):
        return [_with(item, rest, change) if n == step else item for n, item in enumerate(_listed(content, step))]
    if not isinstance(content, dict):
        raise LookupError(step)
    if step not in content and rest:
        raise LookupError(step)
    return content | {step: _with(content.get(step), rest, change)}


def _listed(content: Any, step: int) -> list[Any]:
    if not isinstance(content, list) or not 0 <= step < len(content):
        raise LookupError(step)
    return content


def _inserted(old: Any, edit: Edit) -> list[Any]:
    items = [] if old is None else old if isinstance(old, list) else [old]
    if not 0 <= edit.index <= len(items):
        raise LookupError(edit.index)
    return [*items[: edit.index], edit.value, *items[edit.index :]]


def _around(holder: Any, last: Step, edit: Edit) -> Any:
    """The mapping or list that holds the changed entry."""
    if isinstance(last, str):
        if not isinstance(holder, dict) or (edit.do == DROP and last not in holder) or edit.do == MOVE:
            raise LookupError(last)
        return holder | {last: edit.value} if edit.do == PUT else {k: v for k, v in holder.items() if k != last}
    items = list(_listed(holder, last))
    if edit.do == PUT:
        items[last] = edit.value
    elif edit.do == DROP:
        if len(items) == 1:
            raise LookupError(last)  # the key of the list is dropped instead
        del items[last]
    else:
        other = last + edit.index
        if abs(edit.index) != 1 or not 0 <= other < len(items):
            raise LookupError(other)
        items[last], items[other] = items[other], items[last]
    return items


# -- on the text ----------------------------------------------------------------------------------------------------------


def flow(value: Any) -> str:
    """Content in one line, as a pack writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return "null" if value is None else _scalar(str(value))


def _scalar(text: str) -> str:
    """Plain where YAML reads it back as this text, else in quotes."""
    try:
        (node,) = _composed(f"[{text}]").value
        if (
            isinstance(node, yaml.ScalarNode)
            and node.value == text
            and not node.style
            and text not in ("", "null", "~")
        ):
            return text
    except (yaml.YAMLError, ValueError, AttributeError):
        pass  # it needs quotes
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def read_value(text: str) -> Any:
    """Content that a person typed into a field: a number, words, or a mapping or list in one line.

    Raises:
        PolicyErrors: brackets that don't close, or anything else that is no YAML.
    """
    text = text.strip()
    if text[:1] in "{[":
        return plain(parse_yaml(text, "填写的内容"))
    return None if text in ("null", "~") else text


def _composed(text: str) -> yaml.Node:
    node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        raise ValueError("an empty text")
    return node


def _node(text: str, at: Sequence[Step]) -> yaml.Node | None:
    """What stands at a place; ``None`` where there is nothing yet."""
    node: yaml.Node | None = _composed(text)
    for step in at:
        if node is None:
            return None
        if isinstance(step, int):
            node = node.value[step]
        else:
            node = next((value for key, value in node.value if key.value == step), None)
    return node


def _holder(text: str, at: Sequence[Step]) -> yaml.CollectionNode:
    """The list or mapping at a place, which the content is known to have."""
    node = _node(text, at)
    if not isinstance(node, yaml.CollectionNode):
        raise ValueError(f"no list or mapping at {place_words(at)}")
    return node


def _end(node: yaml.Node) -> int:
    """Where the content of a node ends, without comments and line ends that follow."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    """The end of the line that content ends on, its line break included; a block of text ends with its own."""
    if text[:place].endswith("\n"):
        return place
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _indent(node: yaml.Node) -> str:
    return " " * int(node.start_mark.column)


def _put(text: str, edit: Edit) -> str:
    *above, last = edit.at
    old = _node(text, edit.at)
    if old is not None:
        start, end = old.start_mark.index, _end(old)
        tail = "\n" if text[:end].endswith("\n") and end > start else ""
        return text[:start] + (" " if text[:start].endswith(":") else "") + flow(edit.value) + tail + text[end:]
    holder = _holder(text, above)
    pair = f"{flow(last)}: {flow(edit.value)}"
    if holder.flow_style:
        end = holder.end_mark.index - 1
        joint = ", " if holder.value else ""
        return text[:end].rstrip().rstrip(",") + joint + pair + text[end:]
    end = _line_end(text, _end(holder))
    before = text[:end] if text[:end].endswith("\n") else text[:end] + "\n"
    return before + _indent(holder) + pair + "\n" + text[end:]


def _drop(text: str, edit: Edit) -> str:
    *above, last = edit.at
    holder = _holder(text, above)
    if isinstance(last, int):
        return _drop_item(text, holder, last)
    number = next(n for n, (key, _) in enumerate(holder.value) if key.value == last)
    key, value = holder.value[number]
    if holder.flow_style:
        return _cut(text, [(k.start_mark.index, _end(v)) for k, v in holder.value], number)
    start = _line_start(text, key.start_mark.index)
    if text[start : key.start_mark.index].strip():  # the first key of a list's entry shares its line with the dash
        following = holder.value[number + 1][0].start_mark.index
        return text[: key.start_mark.index] + text[following:]
    return text[:start] + text[_line_end(text, _end(value)) :]


def _drop_item(text: str, holder: yaml.CollectionNode, number: int) -> str:
    if holder.flow_style:
        return _cut(text, [(item.start_mark.index, _end(item)) for item in holder.value], number)
    first, end = _block(text, holder.value[number])
    return text[:first] + text[end:]


def _cut(text: str, spans: Sequence[tuple[int, int]], number: int) -> str:
    """Without one entry of a flow list or mapping, and without one comma beside it."""
    if number + 1 < len(spans):
        return text[: spans[number][0]] + text[spans[number + 1][0] :]
    start = spans[number - 1][1] if number else spans[number][0]
    return text[:start] + text[spans[number][1] :]


def _block(text: str, item: yaml.Node) -> tuple[int, int]:
    """The lines of an entry of a block list, its dash included."""
    dash = text.rfind("-", 0, item.start_mark.index)
    return _line_start(text, dash), _line_end(text, _end(item))


def _insert(text: str, edit: Edit) -> str:
    holder = _node(text, edit.at)
    if holder is None:
        return _put(text, Edit(PUT, edit.at, [edit.value]))
    if not isinstance(holder, yaml.SequenceNode):  # a single entry in a list's place
        return _put(text, Edit(PUT, edit.at, _inserted(plain(_tree(text, edit.at)), edit)))
    items = holder.value
    if holder.flow_style or not items:
        if edit.index < len(items):
            place = items[edit.index].start_mark.index
            return f"{text[:place]}{flow(edit.value)}, {text[place:]}"
        place = _end(items[-1]) if items else holder.end_mark.index - 1
        return f"{text[:place]}{', ' if items else ''}{flow(edit.value)}{text[place:]}"
    first = _block(text, items[min(edit.index, len(items) - 1)])
    dash = text.rfind("-", 0, items[0].start_mark.index)
    indent = text[_line_start(text, dash) : dash]
    line = f"{indent}- {flow(edit.value)}\n"
    place = first[0] if edit.index < len(items) else first[1]
    before = text[:place] if not text[:place] or text[:place].endswith("\n") else text[:place] + "\n"
    return before + line + text[place:]


def _tree(text: str, at: Sequence[Step]) -> Any:
    tree: Any = parse_yaml(text, "")
    for step in at:
        tree = tree.items[step] if isinstance(step, int) else tree.entries[step]
    return tree


def _move(text: str, edit: Edit) -> str:
    *above, last = edit.at
    holder = _holder(text, above)
    first = min(int(last), int(last) + edit.index)
    one, two = holder.value[first], holder.value[first + 1]
    if holder.flow_style:
        a, b = (one.start_mark.index, _end(one)), (two.start_mark.index, _end(two))
    else:
        a, b = _block(text, one), _block(text, two)
        if not text.endswith("\n"):
            text += "\n"
            b = _block(text, two)
    return text[: a[0]] + text[b[0] : b[1]] + text[a[1] : b[0]] + text[a[0] : a[1]] + text[b[1] :]


_ACTIONS: dict[str, Callable[[str, Edit], str]] = {PUT: _put, DROP: _drop, INSERT: _insert, MOVE: _move}
