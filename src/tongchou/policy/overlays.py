"""Overlays (模拟参数): single numbers of packs replaced in memory, from a day on, for a what-if. No file is changed.

A parameter is named by its path in the pack, from the outside in: ``gansu-city/tables/住院起付标准/本市/三级``. Parts may be left
out as long as one parameter only fits (``住院起付标准/本市/三级``). The packs that result are ordinary packs: the checker reads
them, their content is hashed into the plan's id, and the explanation names the overlay where the document's article stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from types import MappingProxyType

from tongchou.policy.book import PolicyBook
from tongchou.policy.expressions import Expression, ExpressionError, Membership, Number, Operation, parse_expression
from tongchou.policy.findings import PolicyErrors
from tongchou.policy.nodes import Map, Scalar, Seq, Tree, parse_yaml
from tongchou.policy.rejections import (
    OVERLAY_AMBIGUOUS,
    OVERLAY_FORM,
    OVERLAY_NOT_IN_FORCE,
    OVERLAY_UNIT,
    OVERLAY_UNKNOWN,
)

SECTIONS = ("tables", "lines", "define", "exclusions", "benefits", "payers", "financing", "formulas")
"""The sections of a pack that hold parameters."""
WORDS = frozenset(
    {"cite", "note", "title", "label", "id", "name", "class", "who", "payer", "payers", "pays_from", "fund", "because",
     "acknowledged", "by_reading", "text", "document", "seed", "same_as"}
)  # fmt: skip
"""Keys whose values are words and codes of the language, never parameters."""
LABELS = ("id", "name", "class", "title", "label", "who", "on")
"""What an entry of a list is called in a path, the first that it has; else its number."""
MARK = "模拟参数"
NEAR = 5

Step = str | int


@dataclass(frozen=True, slots=True)
class Overlay:
    """One changed parameter: its path, the new value as it would be written in the pack, and from which day on.

    Without ``start`` it holds in every version of the pack.
    """

    parameter: str
    value: str
    start: date | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of a pack that an overlay may replace: canonical path, its text, unit, article, file and line."""

    path: str
    text: str
    unit: str
    cite: str
    file: str
    line: int
    version_from: str


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: tuple[str, ...]
    steps: tuple[Step, ...]
    node: Scalar
    cite: str


# -- reading overlays -------------------------------------------------------------------------------------------------


def parse_assignment(text: str, *, start: date | None = None) -> Overlay:
    """``path=value`` or ``path@2026-07-01=value`` as the command line gives it.

    Raises:
        Rejection: POL-053 it is not of that form.
    """
    head, equals, value = text.rpartition("=") if text.count("=") == 1 else text.partition("=")
    path, at, day = head.partition("@")
    if not equals or not path.strip() or not value.strip():
        raise OVERLAY_FORM(text=text)
    try:
        return Overlay(path.strip(), value.strip(), date.fromisoformat(day.strip()) if at else start)
    except ValueError:
        raise OVERLAY_FORM(text=text) from None


def read_overlays(text: str, name: str) -> list[Overlay]:
    """The overlays of a YAML file: ``overlays: [{parameter: …, from: 2026-07-01, value: …}]``.

    Raises:
        PolicyErrors: not YAML. Rejection: POL-053 an entry is not of that form.
    """
    tree = parse_yaml(text, name)
    listed = tree.get("overlays") if isinstance(tree, Map) else tree
    if not isinstance(listed, Seq):
        raise OVERLAY_FORM(text=f"{name}：没有overlays列表")
    return [_entry(item, name) for item in listed.items]


def _entry(item: Tree, name: str) -> Overlay:
    said = f"{name}:{item.line}"
    if not isinstance(item, Map) or item.entries.keys() - {"parameter", "from", "value", "note"}:
        raise OVERLAY_FORM(text=said)
    words = {key: node.text for key, node in item.entries.items() if isinstance(node, Scalar) and not node.is_null}
    try:
        start = date.fromisoformat(words["from"]) if "from" in words else None
        return Overlay(words["parameter"], words["value"], start)
    except (KeyError, ValueError):
        raise OVERLAY_FORM(text=said) from None


# -- what can be changed ------------------------------------------------------------------------------------------------


def parameters(trees: Iterable[Map], *, readings: Mapping[str, str] | None = None) -> list[Parameter]:
    """Every parameter of the packs, in the order of the documents; for lists to choose from.

    Args:
        readings: by ambiguity the reading that counts; the numbers of other readings are left out.
    """
    found = []
    for tree in trees:
        start = _word(tree.get("version"), "from")
        for leaf in _leaves(tree, readings or {}):
            parsed = _parsed(leaf.node)
            unit = _unit(parsed) if parsed is not None else ""
            found.append(
                Parameter("/".join(leaf.path), leaf.node.text, unit, leaf.cite, tree.file, leaf.node.line, start)
            )
    return found


def written(tree: Map) -> dict[str, Scalar]:
    """Every parameter of one document by its path, with the scalar that says it (``span``: where in the text)."""
    return {"/".join(leaf.path): leaf.node for leaf in _leaves(tree)}


def trees_of(book: PolicyBook) -> list[Map]:
    """The documents of a book's packs, all versions."""
    return [version.tree for versions in book.packs.values() for version in versions]


def _leaves(tree: Map, readings: Mapping[str, str] = MappingProxyType({})) -> Iterator[_Leaf]:
    pack = _word(tree, "pack")
    for section in SECTIONS:
        node = tree.get(section)
        if node is not None:
            yield from _leaves_in(node, (pack, section), (section,), "", readings)


def _leaves_in(
    node: Tree, path: tuple[str, ...], steps: tuple[Step, ...], cite: str, readings: Mapping[str, str]
) -> Iterator[_Leaf]:
    if isinstance(node, Scalar):
        if not node.is_null and _is_parameter(node):
            yield _Leaf(path, steps, node, cite)
    elif isinstance(node, Seq):
        names = _names(node)
        for number, item in enumerate(node.items):
            yield from _leaves_in(item, (*path, names[number]), (*steps, number), cite, readings)
    else:
        here = _word(node, "cite") or cite
        chosen = readings.get(_word(node, "by_reading"))
        for key, item in node.entries.items():
            if chosen is not None and key != chosen:
                continue
            if isinstance(item, Scalar) and item.is_null and node.get("note") is not None and key not in WORDS:
                own = path if key == "value" else (*path, key)
                yield _Leaf(own, (*steps, key), item, here)  # a number that the document does not give
            elif key not in WORDS:
                inner = (
                    path if key == "value" else (*path, key.replace("/", "／"))
                )  # {value: 65%, cite: …} is the number
                yield from _leaves_in(item, inner, (*steps, key), here, readings)


def _names(seq: Seq) -> list[str]:
    """What the entries of a list are called: their label, made distinct, or their number."""
    names: list[str] = []
    for number, item in enumerate(seq.items, 1):
        name = next((word for key in LABELS if (word := _word(item, key))), str(number)).replace("/", "／")
        names.append(f"{name}#{names.count(name) + 1}" if name in names else name)
    return names


def _word(node: Tree | None, key: str) -> str:
    value = node.get(key) if isinstance(node, Map) else None
    if isinstance(value, Seq) and key in LABELS:
        return "、".join(item.text for item in value.items if isinstance(item, Scalar))
    return value.text if isinstance(value, Scalar) and not value.is_null else ""


def _is_parameter(node: Scalar) -> bool:
    parsed = _parsed(node)
    return parsed is not None and any(True for _ in _numbers(parsed))


def _parsed(node: Scalar) -> Expression | None:
    try:
        return None if node.is_null else parse_expression(node.text)
    except ExpressionError:
        return None


def _numbers(expression: Expression) -> Iterator[Number]:
    if isinstance(expression, Number):
        yield expression
    elif isinstance(expression, Operation):
        for part in expression.args:
            yield from _numbers(part)
    elif isinstance(expression, Membership):
        yield from _numbers(expression.item)


def _unit(parsed: Expression) -> str:
    """``%``, ``pp``, ``元``, plain ``""``, or ``式`` for an expression."""
    inner = parsed.args[0] if isinstance(parsed, Operation) and parsed.op == "neg" else parsed
    return inner.unit if isinstance(inner, Number) else "式"


# -- applying -------------------------------------------------------------------------------------------------------------


def overlaid(trees: Sequence[Map], overlays: Iterable[Overlay], *, packs: Sequence[str] = ()) -> list[Map]:
    """The documents with the overlays applied; the given trees stay as they are.

    Args:
        packs: parameters are those of these packs only; empty: of all.

    A version that begins before an overlay's day is divided there: the copy that begins on the day has the new value.

    Raises:
        Rejection: POL-050 unknown parameter (near names are listed), POL-051 several fit, POL-052 the unit or form is another,
            POL-054 no version of the pack holds on or after the day.
    """
    result = list(trees)
    for overlay in sorted(overlays, key=lambda overlay: overlay.start or date.min):
        result = _apply(result, overlay, packs)
    return result


def with_overlays(book: PolicyBook, overlays: Sequence[Overlay], *, packs: Sequence[str] = ()) -> PolicyBook:
    """Another book: the same packs and bindings with overlays. Without overlays, the same book.

    Args:
        packs: see :func:`overlaid`.

    Raises:
        Rejection: see :func:`overlaid`. PolicyErrors: the checker refuses what results.
    """
    if not overlays:
        return book
    return _checked(overlaid(trees_of(book), overlays, packs=packs), book)


def _checked(trees: Sequence[Map], bindings: PolicyBook | None = None) -> PolicyBook:
    from tongchou.policy.checker import check_book  # the checker compiles plans through the book

    book = PolicyBook(trees)
    if bindings is not None:
        book.bindings.update(bindings.bindings)
    errors = [finding for finding in check_book(book) if finding.severity == "error"]
    if errors:
        raise PolicyErrors(errors)
    return book


def _apply(trees: Sequence[Map], overlay: Overlay, packs: Sequence[str]) -> list[Map]:
    path = _resolve([tree for tree in trees if not packs or _word(tree, "pack") in packs], overlay)
    result: list[Map] = []
    changed = False
    for tree in trees:
        leaf = next((leaf for leaf in _leaves(tree) if leaf.path == path), None)
        if leaf is None or not _holds_after(trees, tree, overlay.start):
            result.append(tree)
            continue
        changed = True
        _check_value(leaf, overlay)
        start = _word(tree.get("version"), "from")
        if overlay.start is not None and date.fromisoformat(start) < overlay.start:
            result.append(_ended(tree, overlay.start))
            tree = _begun(tree, overlay.start)  # noqa: PLW2901 - from here on the divided version
        result.append(_changed(tree, leaf, overlay))
    if not changed:
        raise OVERLAY_NOT_IN_FORCE(parameter="/".join(path), day=overlay.start)
    return result


def _resolve(trees: Sequence[Map], overlay: Overlay) -> tuple[str, ...]:
    """The one canonical path that the overlay's words fit, in order, the last at the end."""
    paths = list(dict.fromkeys(leaf.path for tree in trees for leaf in _leaves(tree)))
    wanted = tuple(part.strip() for part in overlay.parameter.strip("/").split("/"))
    if wanted in paths:
        return wanted
    fitting = [path for path in paths if path[-1] == wanted[-1] and _in_order(wanted, path)]
    fitting = fitting or [path for path in paths if _in_order(wanted, path)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        shown = "；".join("/".join(path) for path in fitting[:NEAR]) + ("……" if len(fitting) > NEAR else "")
        raise OVERLAY_AMBIGUOUS(parameter=overlay.parameter, count=len(fitting), found=shown)
    raise OVERLAY_UNKNOWN(parameter=overlay.parameter, near="；".join(_near(overlay.parameter, wanted, paths)) or "无")


def _in_order(wanted: Sequence[str], path: Sequence[str]) -> bool:
    rest = iter(path)
    return all(part in rest for part in wanted)


def _near(text: str, wanted: Sequence[str], paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Paths that look like what was written: those that share most words, then those of like spelling."""
    near_words = {word for part in wanted for word in get_close_matches(part, {p for path in paths for p in path}, 3)}
    scored = sorted(paths, key=lambda path: -sum(part in near_words for part in path))
    shared = ["/".join(path) for path in scored if sum(part in near_words for part in path) > 0]
    spelt = get_close_matches(text, ["/".join(path) for path in paths], NEAR)
    return list(dict.fromkeys([*shared[:NEAR], *spelt]))[:NEAR]


def _holds_after(trees: Sequence[Map], tree: Map, day: date | None) -> bool:
    """Whether a version is in force on or after a day: it has not ended, and no later one has taken its place by then."""
    if day is None:
        return True
    version = tree.get("version")
    until, start = _word(version, "until"), _word(version, "from")
    if until and date.fromisoformat(until) < day:
        return False
    pack = _word(tree, "pack")
    later = [_word(other.get("version"), "from") for other in trees if _word(other, "pack") == pack]
    return not any(start < other <= day.isoformat() for other in later)


def _check_value(leaf: _Leaf, overlay: Overlay) -> None:
    name = "/".join(leaf.path)
    try:
        new = parse_expression(overlay.value)
    except ExpressionError as error:
        raise OVERLAY_UNIT(parameter=name, value=overlay.value, old=leaf.node.text, reason=str(error)) from None
    old = _parsed(leaf.node)
    unit = _unit(new)
    if not any(True for _ in _numbers(new)):
        raise OVERLAY_UNIT(parameter=name, value=overlay.value, old=leaf.node.text, reason="这里要写数字")
    if old is None or _unit(old) == "式" or unit == "式":
        return  # the checker says whether it fits
    alike = {"": "", "元": ""}
    if alike.get(_unit(old), _unit(old)) != alike.get(unit, unit):
        reason = {"%": "这里是百分比，请写成如70%", "pp": "这里是百分点，请写成如10pp"}.get(
            _unit(old), "这里是金额或个数，不带%或pp"
        )
        raise OVERLAY_UNIT(parameter=name, value=overlay.value, old=leaf.node.text, reason=reason)


# -- trees ------------------------------------------------------------------------------------------------------------------


def _changed(tree: Map, leaf: _Leaf, overlay: Overlay) -> Map:
    """The tree with the new value, and the overlay named wherever the number's article is cited."""
    node = leaf.node
    new = Scalar(node.file, node.line, overlay.value, is_null=False)
    was = "" if node.is_null else node.text
    mark = (
        f"{MARK}（{'/'.join(leaf.path[2:])}：{was or '未定'}→{overlay.value}{'，原' + leaf.cite if leaf.cite else ''}）"
    )
    changed = _put(tree, leaf.steps, new)
    changed = _marked(changed, _quantity_map(tree, leaf.steps), mark)
    if leaf.steps[0] in ("tables", "define"):
        for steps in list(_users(changed, str(leaf.steps[1]))):
            changed = _marked(changed, steps, mark)
    if not isinstance(changed, Map):
        raise TypeError("a pack is a mapping")
    return changed


def _put(tree: Tree, steps: Sequence[Step], new: Tree) -> Tree:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(tree, Map) and isinstance(step, str):
        inner = _put(tree.entries[step], rest, new) if step in tree.entries else new
        return Map(tree.file, tree.line, tree.entries | {step: inner})
    if isinstance(tree, Seq) and isinstance(step, int):
        items = [_put(item, rest, new) if number == step else item for number, item in enumerate(tree.items)]
        return Seq(tree.file, tree.line, tuple(items))
    raise TypeError(f"no such place in the pack: {steps}")


def _at(tree: Tree, steps: Sequence[Step]) -> Tree:
    for step in steps:
        if isinstance(tree, Map) and isinstance(step, str):
            tree = tree.entries[step]
        elif isinstance(tree, Seq) and isinstance(step, int):
            tree = tree.items[step]
    return tree


def _quantity_map(tree: Tree, steps: Sequence[Step]) -> Sequence[Step]:
    """The mapping whose ``cite`` an explanation of the number shows: the whole table, or what directly holds the number."""
    above = [steps[:count] for count in range(len(steps) - 1, 0, -1)]
    maps = [place for place in above if isinstance(_at(tree, place), Map)]
    tables = [place for place in maps if isinstance(found := _at(tree, place), Map) and found.get("by") is not None]
    return tables[0] if tables else maps[0] if maps else ()


def _marked(tree: Tree, steps: Sequence[Step], mark: str) -> Tree:
    held = _at(tree, steps)
    old = _word(held, "cite")
    text = f"{old}；{mark}" if old.startswith(MARK) and mark not in old else mark
    return _put(tree, (*steps, "cite"), Scalar(held.file, held.line, text, is_null=False))


def _users(tree: Tree, name: str, steps: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The mappings that use a named table or condition."""
    if isinstance(tree, Seq):
        for number, item in enumerate(tree.items):
            yield from _users(item, name, (*steps, number))
    elif isinstance(tree, Map):
        texts = [node.text for key, node in tree.entries.items() if isinstance(node, Scalar) and key not in WORDS]
        if any(name in text for text in texts) and steps[:1] != ("define",):
            yield steps
        for key, item in tree.entries.items():
            if key not in ("tables", "define") or steps:
                yield from _users(item, name, (*steps, key))


def _ended(tree: Map, day: date) -> Map:
    """The first part of a divided version. It is changed only where the version itself names its last day."""
    version = tree.get("version")
    if not isinstance(version, Map) or not _word(version, "until"):
        return tree
    last = Scalar(version.file, version.line, (day - timedelta(days=1)).isoformat(), is_null=False)
    ended = _put(tree, ("version", "until"), last)
    return ended if isinstance(ended, Map) else tree


def _begun(tree: Map, day: date) -> Map:
    begun = _put(tree, ("version", "from"), Scalar(tree.file, tree.line, day.isoformat(), is_null=False))
    return begun if isinstance(begun, Map) else tree
