"""What the pages show of the packs: lists by area, a version with its neighbours, its cases."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404
from django.urls import reverse

from tongchou.control.api import Operator, approvals
from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyBook
from tongchou.policy.book import Version
from tongchou.policy.model import BoundScheme, Pack
from tongchou.policy.provisions import Block, Entry, Row, Section
from tongchou.publication.api import Draft, PublishedVersion
from tongchou.web.policy.timeline import NOW, Piece, Scale, arrangement_pieces, pieces, scale_of, use_pieces

NUMERALS = "一二三四五六七八九十"
MOST_CONTENTS = 6
OTHER = "其他政策包（没有统筹区采用）"


@dataclass(frozen=True, slots=True)
class PackLine:
    """One pack in the list."""

    name: str
    title: str
    document: str
    pieces: tuple[Piece, ...]
    newest: date
    in_force: date | None
    benefits: str
    uses: tuple[Piece, ...] = ()
    """When the scheme uses it; empty where it always does."""


@dataclass(frozen=True, slots=True)
class Group:
    """The packs of an area's scheme in the order of payment, or those that none has bound."""

    title: str
    lines: tuple[PackLine, ...]
    scheme: tuple[str, str] | None = None
    """Area and scheme."""
    arrangements: tuple[Piece, ...] = ()
    """Where the packs, their order or readings change with time: since when each arrangement holds."""


def groups(book: PolicyBook, *, text: str, today: date) -> tuple[list[Group], Scale]:
    """The packs by area and scheme; ``text`` is looked for in names, titles, documents and benefits."""
    everything = [version for versions in book.packs.values() for version in versions]
    scale = scale_of(everything, today, (bound.start for bound in book.bindings))
    found = []
    for key in book.bindings.schemes:
        history = book.bindings.history(*key)
        lines = [
            _line(book, name, scale, today, history) for name in book.bindings.packs_of(*key) if name in book.packs
        ]
        title = f"{history[-1].area_name} · {history[-1].title}"
        changes = tuple(arrangement_pieces(history, scale, today)) if len(history) > 1 else ()
        found.append(Group(title, tuple(line for line in lines if _matches(line, title, text)), key, changes))
    rest = [_line(book, name, scale, today) for name in sorted(book.packs.keys() - book.bindings.packs())]
    found.append(Group(OTHER, tuple(line for line in rest if _matches(line, OTHER, text))))
    return [group for group in found if group.lines], scale


def _line(book: PolicyBook, name: str, scale: Scale, today: date, history: Sequence[BoundScheme] = ()) -> PackLine:
    versions = book.packs[name]
    found = tuple(pieces(versions, scale, today))
    newest = versions[-1].pack
    now = next((piece.since for piece in found if piece.kind == NOW), None)
    uses = tuple(use_pieces(name, history, scale, today))
    return PackLine(name, newest.title, newest.document, found, newest.start, now, contents(newest), uses)


def contents(pack: Pack) -> str:
    """What a pack is about: its benefits, or the other things that it lays down."""
    benefits = list(dict.fromkeys(word for entry in pack.benefits for word in entry.names))
    others = [rule.title for rule in pack.formulas.values()] + [payer.title for payer in pack.payers]
    others += ["费用明细先行自付"] if pack.lines else []
    others += ["筹资标准"] if pack.financing else []
    shown = benefits or others or ["原文核对"]
    return "、".join(shown[:MOST_CONTENTS]) + ("等" if len(shown) > MOST_CONTENTS else "")


def _matches(line: PackLine, group: str, text: str) -> bool:
    words = text.split()
    whole = " ".join((line.name, line.title, line.document, line.benefits, group))
    return all(word in whole for word in words)


def version_or_404(book: PolicyBook, pack: str, day: date) -> Version:
    """The version of a pack that begins on a day."""
    for version in book.packs.get(pack, ()):
        if version.pack.start == day:
            return version
    raise Http404("没有这个政策版本")


def published_row(version: Version) -> PublishedVersion | None:
    """How a version was published; ``None`` for one that came with the installation."""
    rows = PublishedVersion.objects.filter(pack=version.pack.id, starts_on=version.pack.start, undoing=None)
    return rows.first()


def draft_head(operator: Operator, draft: Draft) -> dict[str, Any]:
    """What stands above every page of a draft: how its case goes, in words, and where it is published."""
    area, arranges, scheme = draft.pack.partition("/")
    published = reverse("policy_arrangement", args=[area, scheme]) if arranges else ""
    if draft.state == Draft.State.PUBLISHED and not arranges:
        published = reverse("policy_version", args=[draft.pack, draft.starts_on])
    state = ""
    if draft.case_id:
        with suppress(Rejection):  # the case of somebody who may see more
            state = str(approvals.visible_case(case_id=draft.case_id, operator=operator).get_state_display())
    return {"case_state": state, "published_at": published}


def chains_of(book: PolicyBook, pack: str) -> list[tuple[str, str]]:
    """Where a pack can be tried: each scheme that has bound it, and the pack alone; key and title."""
    users = [one for key in book.bindings.users_of(pack) if (one := book.bindings.newest(*key)) is not None]
    found = [(f"{one.area}/{one.scheme}", f"{one.area_name} {one.title}") for one in users]
    return [*found, (pack, f"只用本政策包（{pack}）")]


@dataclass(frozen=True, slots=True)
class Clause:
    """A statement as the page shows it; ``parameter`` names the number that a draft may change, ``value`` its new value.

    ``shared``: it is written in one place with a statement above it, and changes with that one.
    """

    entry: Entry
    parameter: str = ""
    value: str = ""
    cite: str = ""
    shared: bool = False

    @property
    def changed(self) -> bool:
        """Whether the draft has another value."""
        return bool(self.parameter) and self.value != self.entry.raw


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of a table. ``citation`` is the article of all its cells, where they have the same one."""

    title: str
    cells: tuple[Clause | None, ...]
    citation: str


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A statement, or a table."""

    clause: Clause | None = None
    title: str = ""
    corner: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[ShownRow, ...] = ()
    citation: str = ""


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A heading with its number."""

    anchor: str
    heading: str
    citation: str
    blocks: tuple[ShownBlock, ...]
    sections: tuple[ShownSection, ...]


class Printer:
    """Turns sections into what the template prints; in a draft, numbers that may be changed get fields, each once."""

    def __init__(
        self, parameters: dict[tuple[int, int], str] | None = None, values: dict[str, tuple[str, str]] | None = None
    ) -> None:
        self.parameters = parameters or {}
        self.values = values or {}
        self._given: set[str] = set()

    def sections(self, found: Sequence[Section]) -> tuple[ShownSection, ...]:
        """The sections with Chinese numbers."""
        return tuple(
            ShownSection(
                anchor=f"s{number}",
                heading=f"{_numeral(number)}、{section.title}",
                citation=section.citation,
                blocks=tuple(self._block(block) for block in section.blocks),
                sections=tuple(self._inner(inner, f"s{number}-{n}") for n, inner in enumerate(section.sections, 1)),
            )
            for number, section in enumerate(found, 1)
        )

    def _inner(self, section: Section, anchor: str) -> ShownSection:
        blocks = tuple(self._block(block) for block in section.blocks)
        inner = tuple(self._inner(one, f"{anchor}-{n}") for n, one in enumerate(section.sections, 1))
        return ShownSection(anchor, section.title, section.citation, blocks, inner)

    def _block(self, block: Block) -> ShownBlock:
        if isinstance(block, Entry):
            return ShownBlock(clause=self._clause(block))
        rows = tuple(
            ShownRow(row.title, tuple(self._clause(cell) if cell else None for cell in row.cells), _citation(row))
            for row in block.rows
        )
        return ShownBlock(None, block.title, block.corner, block.columns, rows, block.citation)

    def _clause(self, entry: Entry) -> Clause:
        parameter = self.parameters.get(entry.place.span, "") if entry.editable else ""
        if not parameter or parameter in self._given or entry.address.startswith("missing/"):
            return Clause(entry, shared=bool(parameter))
        self._given.add(parameter)
        value, cite = self.values.get(parameter, (entry.raw, ""))
        return Clause(entry, parameter, value, cite)


def _citation(row: Row) -> str:
    found = {cell.place.citation for cell in row.cells if cell is not None}
    return found.pop() if len(found) == 1 else ""


def _numeral(number: int) -> str:
    """1 → 一, 12 → 十二, 20 → 二十."""
    if number <= 10:
        return NUMERALS[number - 1]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else NUMERALS[tens - 1]) + "十" + (NUMERALS[ones - 1] if ones else "")
