"""A new version out of an old one: single numbers changed in the text of the pack, each with its article.

Comments and layout stay. A changed number becomes ``{value: 1000, cite: 某医保〔2026〕12号第二条}``, so that it cites what
changed it and the others go on citing theirs. Parameters have the same names as in overlays: a draft can be simulated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.nodes import Map, Scalar, parse_yaml
from tongchou.policy.overlays import Overlay, overlaid, written

_PLAIN = re.compile(r"-?\d+(\.\d+)?(%|pp|元)?")
_BEFORE = re.compile(r"\{\s*value:\s*$")
_AFTER = re.compile(r"""\s*,\s*cite:\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^,}\n]+)\s*\}""")


@dataclass(frozen=True, slots=True)
class Amendment:
    """One changed number: the parameter's path, the new value as a pack writes it, and the article that changes it."""

    parameter: str
    value: str
    cite: str


def amended(
    text: str, file: str, amendments: Sequence[Amendment], *, start: date, note: str = "", replaces: str = ""
) -> str:
    """The text of a new version.

    Args:
        text, file: the version in force, and what findings call its file.
        start: from when on the new version holds.
        note: what the version says of itself, if anything.
        replaces: by what the old version ends before the last day that it names itself.

    Raises:
        PolicyErrors: the text cannot be read, or a change cites no article. Rejection: POL-050 … POL-052 a parameter or value.
    """
    tree = parse_yaml(text, file)
    if not isinstance(tree, Map):
        raise PolicyErrors([Finding(file, 1, "", "文件应为“键: 值”的形式", "请参照语言手册书写")])
    uncited = [entry for entry in amendments if not entry.cite.strip()]
    if uncited:
        raise PolicyErrors(
            [
                Finding(file, 0, "", f"“{entry.parameter}”改为{entry.value}，没有注明条款", "请写明依据的文件和条款")
                for entry in uncited
            ]
        )
    overlaid([tree], [Overlay(entry.parameter, entry.value) for entry in amendments])  # refuses what does not fit
    places = written(tree)
    splices = [_splice(text, places[entry.parameter], entry) for entry in amendments]
    splices += _version_splices(text, tree, start, {"note": note, "replaces": replaces})
    for first, end, new in sorted(splices, reverse=True):
        text = text[:first] + new + text[end:]
    return text


def _splice(text: str, node: Scalar, entry: Amendment) -> tuple[int, int, str]:
    first, end = node.span
    before, after = _BEFORE.search(text, 0, first), _AFTER.match(text, end)
    if before and after:  # the number has an article of its own already
        first, end = before.start(), after.end()
    value = entry.value.strip()
    shown = value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return first, end, f"{{value: {shown}, cite: {json.dumps(entry.cite.strip(), ensure_ascii=False)}}}"


def _version_splices(text: str, tree: Map, start: date, said: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """``from`` becomes the first day; the old version's ``until``, ``published`` and remarks go, the new one's come."""
    version = tree.get("version")
    node = version.get("from") if isinstance(version, Map) else None
    if not isinstance(version, Map) or not isinstance(node, Scalar):
        raise PolicyErrors([Finding(tree.file, tree.line, "", "缺少版本的生效日期", "请写version: {from: 日期}")])
    new = {key: json.dumps(words, ensure_ascii=False) if words else "null" for key, words in said.items()}
    new |= {"until": "null", "published": "null"}
    splices = [(*node.span, start.isoformat())]
    missing = []
    for key, value in new.items():
        old = version.get(key)
        if isinstance(old, Scalar):
            end = "\n" if text[: old.span[1]].endswith("\n") else ""  # a block of text takes its line end with it
            splices.append((*old.span, value + end))
        elif value != "null":
            missing.append(f"{key}: {value}")
    if missing:
        flow = (
            text[: node.span[0]].rstrip().endswith("from:")
            and "{" in text[text.rfind("\n", 0, node.span[0]) + 1 : node.span[0]]
        )
        indent = re.match(r"\s*", text[text.rfind("\n", 0, node.span[0]) + 1 :])
        joint = ", " if flow else "\n" + (indent.group() if indent else "")
        splices[0] = (*node.span, start.isoformat() + "".join(joint + part for part in missing))
    return splices
