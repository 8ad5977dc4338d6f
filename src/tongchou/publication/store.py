"""The policies of this installation: the files that came with it, and over them what was published at the centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings

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
    """A book, and by pack the published versions that it can't use."""

    book: PolicyBook
    unusable: dict[str, Unusable]

    def refuse_unusable(self, *, area: str, scheme: str, on: date) -> None:
        """Refuse where a pack that the scheme has bound can't be used on a day.

        Raises:
            Rejection: PUBL-020.
        """
        bound = self.book.bindings.get((area, scheme))
        for pack in bound.packs if bound is not None else ():
            found = self.unusable.get(pack)
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
        bindings = [tree for tree in files if tree.get("binding") is not None]
        bound = {name for scheme in PolicyBook(bindings).bindings.values() for name in scheme.packs}
        files = [*bindings, *(tree for tree in files if pack_name(tree) in bound)]
        trees = [tree for tree in trees if pack_name(tree) in bound]
    book = PolicyBook([*files, *trees])
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
        trees, _ = _trees(in_effect())
        found = PolicyBook([*read_packs(directory()), *trees])
        _shelf.clear()
        _shelf[key] = found
    return found


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


def case_trees(pack: str) -> list[Map]:
    """All case files of the installation, and the cases that were published with the pack's newest version."""
    try:
        found = [tree for tree in read_cases(directory()) if isinstance(tree, Map)]
    except PolicyErrors:
        found = []  # a folder without cases
    newest = PublishedVersion.objects.filter(pack=pack, undoing=None).exclude(cases="").last()
    if newest is not None:
        tree = parse_yaml(newest.cases, f"{newest.file}/cases")
        if isinstance(tree, Map):
            found.append(tree)
    return found
