"""What a pack writes down and never uses, and kinds of items that are most likely misspelt.

An ambiguity of which no place takes a reading is an error: its other readings would change nothing. The rest is a notice,
acknowledged where the pack says with a ``note`` why it stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from tongchou.policy.book import Version
from tongchou.policy.findings import Finding
from tongchou.policy.lines import OF_CLASS
from tongchou.policy.nodes import Map, Scalar, Tree, walk
from tongchou.policy.vocabulary import near_kind

NAMED = {"accumulators": "累计项", "define": "条件", "tables": "表格", "funds": "基金"}
"""Sections whose entries are there to be named elsewhere."""
APART = {"facts", "ambiguities", "source", "version", "printed"}
"""Sections that name nothing of these."""


def unused(version: Version, others: Iterable[Version] = ()) -> Iterator[Finding]:
    """Ambiguities without ``by_reading``, and counters, conditions, tables and funds that nothing names.

    ``others`` are the packs that may pay with this one: a counter is shared with them.
    """
    tree = version.tree
    switched = {
        switch.text
        for node in walk(tree)
        if isinstance(node, Map) and isinstance(switch := node.get("by_reading"), Scalar)
    }
    misspelt = switched - {doubt.id for doubt in version.ambiguities}  # said where it stands; one of these was meant
    for doubt in version.ambiguities if not misspelt else ():
        if len(doubt.readings) > 1 and doubt.id not in switched:
            place = doubt.place
            message = f"歧义{doubt.id}没有一处用by_reading写出它的各种理解，换一种理解什么也不变"
            remedy = "请在有关的地方写{by_reading: …}；只有一种可行的理解时，readings只写这一种"
            yield Finding(place.file, place.line, place.cite, message, remedy)
    texts = [_texts(node) for key, node in tree.entries.items() if key not in APART | {*NAMED}]
    for section, title in NAMED.items():
        node = tree.get(section)
        if isinstance(node, Map) and (section != "funds" or tree.get("benefits") is not None):
            for name, entry in node.entries.items():
                shared = (_texts(other.tree) for other in others if section == "accumulators")
                if name not in ("cite", "note") and not _word_in(name, chain(texts, _named_by(tree, name), shared)):
                    yield _notice(section, title, name, entry)


def _named_by(tree: Map, name: str) -> Iterator[str]:
    """The texts of the conditions and tables other than the one of this name."""
    for section in ("define", "tables"):
        block = tree.get(section)
        for own, node in block.entries.items() if isinstance(block, Map) else ():
            if own != name:
                yield _texts(node)


def _notice(section: str, title: str, name: str, entry: Tree) -> Finding:
    noted = isinstance(entry, Map) and isinstance(entry.get("note"), Scalar)
    remedy = "请核对名称，或删除它" + ("；要留着时写note说明" if section in ("accumulators", "tables") else "")
    severity = "acknowledged" if noted else "notice"
    return Finding(entry.file, entry.line, "", f"{title}“{name}”没有一处用到", remedy, severity)


def _texts(tree: Tree) -> str:
    """All values below a node, one a line."""
    return "\n".join(node.text for node in walk(tree) if isinstance(node, Scalar))


def _word_in(name: str, texts: Iterable[str]) -> bool:
    """Whether a name stands in a text as a word of its own: 学生 is not in 中小学生, year.paid not in year.paid:310."""
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w|:\d)")
    return any(word.search(text) for text in texts)


def doubtful_kinds(version: Version) -> Iterator[Finding]:
    """Kinds of items in ``lines`` and ``parts`` that are no standard ones, but mean one by all appearances.

    Other words are the pack's own: policies name kinds as they like, and the catalogue's terms say which items they are.
    """
    pack = version.pack
    named = [(kind, part.place) for part in pack.parts.values() for kind in part.kinds]
    if pack.lines is not None:
        named += [(kind, pack.lines.place) for kind in pack.lines.kinds]
    for kind, place in named:
        near = near_kind(kind.rpartition(OF_CLASS)[2])
        if near:
            remedy = f"请写{near}；确是目录支付条件里的“政策项目类别”时不必改"
            message = f"“{kind}”不是标准类别（相近：{near}）"
            yield Finding(place.file, place.line, place.cite, message, remedy, "notice")
