"""The policies of this installation: the files that came with it, and over them what was published at the centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from tongchou.policy import Finding, PolicyBook, PolicyErrors, default_pack_directory
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_cases, read_packs
from tongchou.policy.nodes import Map, Scalar, parse_yaml
from tongchou.publication.models import PUBLISHED, PublishedVersion, Revision
from tongchou.publication.rejections import UNUSABLE


@dataclass(frozen=True, slots=True)
class Unusable:
    """A pack with a published version that this software can't use, from that version's day on: what is wrong with it."""

    since: date
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Policies:
    """A book, and by pack (or :func:`binding_key`) the published versions that it can't use."""

    book: PolicyBook
    unusable: dict[str, Unusable]

    def refuse_unusable(self, *, area: str, scheme: str, on: date) -> None:
        """Refuse where a pack that the scheme uses on a day, or the arrangement itself, can't be used.

        Raises:
            Rejection: PUBL-020.
        """
        bound = self.book.bindings.on(area, scheme, on)
        for subject in (binding_key(area, scheme), *(bound.packs if bound is not None else ())):
            found = self.unusable.get(subject)
            if found is not None and found.since <= on:
                raise UNUSABLE(file=found.findings[0].file, first=found.findings[0].text())


def directory() -> Path:
    """The folder of packs of this installation."""
    return Path(settings.POLICIES_DIR or default_pack_directory())


def revision() -> int:
    """The number that every publication raises."""
    return int(Revision.objects.values_list("number", flat=True).first() or 0)


def in_effect() -> list[PublishedVersion]:
    """The published versions that were not undone, by pack and day."""
    return list(PublishedVersion.objects.filter(undoing=None))


def load(*, bound_only: bool, published: Sequence[PublishedVersion] | None = None) -> Policies:
    """Read and check the packs of the installation and the published versions.

    A mistake in a file stops everything, as at the start; a published version that this software can't read or compile is
    left to be refused where it would be needed, and to be found by the doctor.

    Args:
        bound_only: leave out packs that no area has bound.
        published: what was published; read from the database where it is not given.

    Raises:
        PolicyErrors: the files of the installation cannot be used.
    """
    rows = in_effect() if published is None else list(published)
    trees, unreadable = _trees(rows)
    files = read_packs(directory())
    if bound_only:
        bindings = [tree for tree in (*files, *trees) if is_binding(tree)]
        bound = PolicyBook(bindings).bindings.packs()
        files = [tree for tree in files if is_binding(tree) or pack_name(tree) in bound]
        trees = [tree for tree in trees if is_binding(tree) or pack_name(tree) in bound]
    book = PolicyBook([*files, *trees], published=_days(rows))
    wrong = [finding for finding in check_book(book) if finding.severity == "error"]
    own = [finding for finding in wrong if not finding.file.startswith(PUBLISHED)]
    if own:
        raise PolicyErrors(own)
    return Policies(book, _by_pack([*unreadable, *wrong]))


_shelf: dict[tuple[str, int], PolicyBook] = {}


def library() -> PolicyBook:
    """All packs, bound or not, with what was published; unchecked, for reading and for trying out. Kept until a publication."""
    key = (str(directory()), revision())
    found = _shelf.get(key)
    if found is None:
        rows = in_effect()
        trees, _ = _trees(rows)
        found = PolicyBook([*read_packs(directory()), *trees], published=_days(rows))
        _shelf.clear()
        _shelf[key] = found
    return found


def library_without(row: PublishedVersion) -> PolicyBook:
    """As :func:`library`, if one published version were not there."""
    trees, _ = _trees([one for one in in_effect() if one.pk != row.pk])
    return PolicyBook([*read_packs(directory()), *trees])


def known(as_of: date | None) -> PolicyBook:
    """The policies of this centre: as known on a day, or now."""
    return library() if as_of is None else known_on(as_of)


def known_on(day: date) -> PolicyBook:
    """All packs as they were known at the end of a day: what was published by then and not yet undone. Unchecked.

    Raises:
        PolicyErrors: what was published can't be read by this software.
    """
    rows = [
        row
        for row in PublishedVersion.objects.select_related("undoing")
        if _local(row.published_at) <= day and (not hasattr(row, "undoing") or _local(row.undoing.undone_at) > day)
    ]
    trees, unreadable = _trees(rows)
    if unreadable:
        raise PolicyErrors(unreadable)
    return PolicyBook([*read_packs(directory()), *trees], as_of=day, published=_days(rows))


def _days(rows: Sequence[PublishedVersion]) -> dict[str, date]:
    """When each text was published, by the name of its file: the text itself was written before."""
    return {row.file: _local(row.published_at) for row in rows}


def _local(moment: datetime) -> date:
    return timezone.localdate(moment)


def _trees(rows: Sequence[PublishedVersion]) -> tuple[list[Map], list[Finding]]:
    trees: list[Map] = []
    unreadable: list[Finding] = []
    for row in rows:
        try:
            tree = parse_yaml(row.text, row.file)
        except PolicyErrors as errors:
            unreadable += errors.findings
            continue
        if isinstance(tree, Map):
            trees.append(tree)
    return trees, unreadable


def _by_pack(findings: Sequence[Finding]) -> dict[str, Unusable]:
    found: dict[str, Unusable] = {}
    for finding in findings:
        pack, _, day = finding.file.removeprefix(f"{PUBLISHED}/").partition("@")
        since = date.fromisoformat(day)
        known = found.get(pack, Unusable(since, ()))
        found[pack] = Unusable(min(since, known.since), (*known.findings, finding))
    return found


def binding_key(area: str, scheme: str) -> str:
    """What drafts and published versions call the arrangement of a scheme's packs; no pack has such a name."""
    return f"{area}/{scheme}"


def is_binding(tree: Map) -> bool:
    """Whether a document says which packs a scheme uses, and is not a pack itself."""
    return tree.get("binding") is not None


def pack_name(tree: Map) -> str:
    """The pack that a document is a version of."""
    node = tree.get("pack")
    return node.text if isinstance(node, Scalar) else ""


def text_of(tree: Map) -> str:
    """The text of a pack that the book knows: of the file, or as published."""
    if tree.file.startswith(f"{PUBLISHED}/"):
        pack, _, day = tree.file.removeprefix(f"{PUBLISHED}/").partition("@")
        return PublishedVersion.objects.get(pack=pack, starts_on=day, undoing=None).text
    root = directory()
    return (root if root.is_file() else root / tree.file).read_text("utf-8")


def case_trees(*subjects: str) -> list[Map]:
    """The cases published with the newest version of each pack or arrangement, then all case files of the installation.

    In this order, because a published case says what holds now where the file of the same name says what held before.
    """
    found: list[Map] = []
    for subject in subjects:
        newest = PublishedVersion.objects.filter(pack=subject, undoing=None).exclude(cases="").last()
        if newest is not None:
            tree = parse_yaml(newest.cases, f"{newest.file}/cases")
            if isinstance(tree, Map):
                found.append(tree)
    try:
        return [*found, *(tree for tree in read_cases(directory()) if isinstance(tree, Map))]
    except PolicyErrors:
        return found  # a folder without cases
