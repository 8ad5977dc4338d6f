"""YAML text → a tree that knows its lines and never holds a float.

Scalars stay text: ``0.65`` is the text ``"0.65"`` until a place in the language says that it is a rate. Readings of an
ambiguous text (``by_reading``) are chosen on this tree, before anything is understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

import yaml

from tongchou.policy.findings import Finding, PolicyErrors

MAX_DEPTH = 40
MAX_NODES = 100_000
"""Bounds on one document, aliases expanded: far above any real pack, far below what could exhaust the machine."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A YAML scalar as it was written; ``span`` is where it stands in the text of its file (first character, end)."""

    file: str
    line: int
    text: str
    is_null: bool
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Seq:
    """A YAML list."""

    file: str
    line: int
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A YAML mapping with text keys, in written order."""

    file: str
    line: int
    entries: dict[str, Tree]

    def get(self, key: str) -> Tree | None:
        """The entry, or ``None`` where it is absent."""
        return self.entries.get(key)


Tree: TypeAlias = Scalar | Seq | Map


def parse_yaml(text: str, file: str) -> Tree:
    """Parse one YAML document.

    Raises:
        PolicyErrors: not YAML, empty, a key twice, a key that is no text, or nested beyond reason.
    """
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "无法读取"
        raise PolicyErrors([Finding(file, line, "", f"不是正确的YAML:{problem}", _remedy(text, line))]) from error
    if root is None:
        raise PolicyErrors([Finding(file, 1, "", "文件是空的", "请写入内容或删除该文件")])
    return _convert(root, file, 0, count())


def _remedy(text: str, line: int) -> str:
    """What is most likely wrong near a line that YAML does not understand."""
    near = "\n".join(text.splitlines()[max(line - 3, 0) : line])
    if "\t" in near:
        return "缩进用了制表符(Tab)，请改成空格"
    if "：" in near.replace("“", "").partition("#")[0]:
        return "键后面的冒号应为半角的“:”，后面空一格"
    if near.count('"') % 2:
        return "引号不成对，请补上另一半"
    return "请检查缩进、冒号和括号：同一层的键左边对齐，列表项写“- ”"


def _convert(node: yaml.Node, file: str, depth: int, number: Iterator[int]) -> Tree:
    line = node.start_mark.line + 1
    if depth > MAX_DEPTH or next(number) > MAX_NODES:
        raise PolicyErrors([Finding(file, line, "", "嵌套过深或内容过多", "请展开YAML的引用(*别名)，或拆成几个文件")])
    if isinstance(node, yaml.ScalarNode):
        is_null = not node.style and node.value in ("null", "~", "", "Null", "NULL")
        return Scalar(file, line, node.value, is_null, (node.start_mark.index, node.end_mark.index))
    if isinstance(node, yaml.SequenceNode):
        return Seq(file, line, tuple(_convert(item, file, depth + 1, number) for item in node.value))
    entries: dict[str, Tree] = {}
    for key, value in node.value:
        key_line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise PolicyErrors([Finding(file, key_line, "", "键必须是文字", "请把键写成一个词")])
        if key.value in entries:
            raise PolicyErrors([Finding(file, key_line, "", f"键“{key.value}”重复", "请删除其中一个")])
        entries[key.value] = _convert(value, file, depth + 1, number)
    return Map(file, line, entries)


def canonical(tree: Tree) -> object:
    """The content without comments, lines and layout, for hashing: mappings sorted, scalars as text."""
    if isinstance(tree, Scalar):
        return None if tree.is_null else tree.text
    if isinstance(tree, Seq):
        return [canonical(item) for item in tree.items]
    return {key: canonical(tree.entries[key]) for key in sorted(tree.entries)}


def walk(tree: Tree) -> Iterator[Tree]:
    """Every node of the tree, parents first."""
    yield tree
    children = tree.items if isinstance(tree, Seq) else tuple(tree.entries.values()) if isinstance(tree, Map) else ()
    for child in children:
        yield from walk(child)


def choose_readings(tree: Tree, chosen: Mapping[str, str], findings: list[Finding]) -> Tree:
    """Replace each ``{by_reading: ID, A: …, B: …}`` by the chosen branch; a missing or empty branch of a list drops out.

    An ambiguity that the pack doesn't declare is added to ``findings``; its first branch stands for it, so that the rest of
    the pack is read, too.
    """
    resolved = _resolve(tree, chosen, findings)
    return resolved if resolved is not None else Map(tree.file, tree.line, {})


def _resolve(tree: Tree, chosen: Mapping[str, str], findings: list[Finding]) -> Tree | None:
    if isinstance(tree, Scalar):
        return tree
    if isinstance(tree, Seq):
        items = [_resolve(item, chosen, findings) for item in tree.items]
        return Seq(tree.file, tree.line, tuple(item for item in items if item is not None))
    switch = tree.get("by_reading")
    if isinstance(switch, Scalar):
        if switch.text not in chosen:
            message = f"歧义“{switch.text}”没有声明"
            declared = f"；已声明：{'、'.join(chosen)}" if chosen else ""
            remedy = f"请核对编号，或在ambiguities中声明它的各种理解{declared}"
            findings.append(Finding(tree.file, tree.line, "", message, remedy))
        first = next((key for key in tree.entries if key != "by_reading"), "")
        branch = tree.get(chosen.get(switch.text, first))
        empty = branch is None or (isinstance(branch, Scalar) and branch.is_null)
        return None if branch is None or empty else _resolve(branch, chosen, findings)
    entries = {key: _resolve(value, chosen, findings) for key, value in tree.entries.items()}
    return Map(tree.file, tree.line, {key: value for key, value in entries.items() if value is not None})
