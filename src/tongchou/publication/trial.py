"""What a draft would do: the book with it in place, the checker's findings, the cases of the pack run under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongchou.policy import Finding, PolicyBook, PolicyErrors
from tongchou.policy.book import Version
from tongchou.policy.casedata import Data, case_data, case_text, expectations, moved, with_expectations
from tongchou.policy.caseread import read_case_file
from tongchou.policy.cases import CaseResult, run_case
from tongchou.policy.checker import check_book
from tongchou.policy.difference import Difference
from tongchou.policy.document import document_of, version_differences
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.publication import store

DRAFT_FILE = "草稿"


@dataclass(frozen=True, slots=True)
class DraftCase:
    """A case of the pack under the draft. ``outdated``: the version in force gives something else on that day, too."""

    data: Data
    result: CaseResult
    outdated: bool
    reason: str = ""

    @property
    def id(self) -> str:
        """The case's name."""
        return str(self.data.get("id", ""))

    @property
    def expected(self) -> dict[str, str]:
        """What it expects, by step and name."""
        return expectations(self.data)

    @property
    def fails(self) -> bool:
        """Whether it hinders the publication."""
        return not self.result.ok and not self.outdated


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft as it stands: what the checker says, what changes, how the cases come out."""

    findings: tuple[Finding, ...]
    differences: tuple[Difference, ...]
    cases: tuple[DraftCase, ...]
    version: Version | None
    base: Version | None
    book: PolicyBook | None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that hinder the publication."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def failing(self) -> tuple[DraftCase, ...]:
        """The cases that hinder the publication."""
        return tuple(case for case in self.cases if case.fails)


def attempt(text: str, *, own_cases: str, changed: Mapping[str, Mapping[str, Any]], with_cases: bool = True) -> Trial:
    """Try a draft out.

    Args:
        text: the pack as the draft has it.
        own_cases: a case file that came with it, or empty.
        changed: by case, the new expectations (``expect``) and why (``reason``).
        with_cases: run the cases, too.

    Raises:
        PolicyErrors: the packs of the installation cannot be read.
    """
    try:
        tree = parse_yaml(text, DRAFT_FILE)
        if not isinstance(tree, Map):
            raise PolicyErrors([Finding(DRAFT_FILE, 1, "", "文件应为“键: 值”的形式", "请参照语言手册书写")])
    except PolicyErrors as errors:
        return Trial(errors.findings, (), (), None, None, None)
    now = store.library()
    pack = store.pack_name(tree)
    before, book = _chain_book(now, pack), _chain_book(now, pack, tree)
    known = set(check_book(before))
    findings = tuple(finding for finding in check_book(book) if finding not in known)
    version = next((v for v in book.packs.get(pack, ()) if v.pack.file == DRAFT_FILE), None)
    if version is None:
        return Trial(findings, (), (), None, None, None)
    base = _before(before, version)
    differences = tuple(version_differences(base, version)) if base else ()
    sound = not any(finding.severity == "error" for finding in findings)
    cases = _cases(before, book, version, own_cases, changed) if sound and with_cases else ()
    return Trial(findings, differences, cases, version, base, book if sound else None)


def _chain_book(now: PolicyBook, pack: str, draft: Map | None = None) -> PolicyBook:
    """The packs that are bound together with this one, the pack itself, and the draft."""
    bindings = {key: bound for key, bound in now.bindings.items() if pack in bound.packs}
    names = {pack, *(name for bound in bindings.values() for name in bound.packs)}
    trees = [version.tree for name in sorted(names) for version in now.packs.get(name, ())]
    book = PolicyBook([*trees, draft] if draft is not None else trees)
    book.bindings.update(bindings)
    return book


def _before(book: PolicyBook, version: Version) -> Version | None:
    """The version that the draft takes the place of: the last one that begins before it."""
    earlier = [v for v in book.packs.get(version.pack.id, ()) if v.pack.start < version.pack.start]
    return earlier[-1] if earlier else None


# -- cases ----------------------------------------------------------------------------------------------------------------


def _cases(
    before: PolicyBook, book: PolicyBook, version: Version, own: str, changed: Mapping[str, Mapping[str, Any]]
) -> tuple[DraftCase, ...]:
    """The cases of the pack, moved to the days of the new version; those that came with the draft as they are."""
    found = []
    seen: set[str] = set()
    if own:
        tree = parse_yaml(own, f"{DRAFT_FILE}/cases")
        for data in case_data(tree) if isinstance(tree, Map) else []:
            seen.add(str(data.get("id")))
            found.append(_run(None, book, data, changed))
    for tree in store.case_trees(version.pack.id):
        for data in case_data(tree):
            if str(data.get("id")) not in seen and _concerns(data, version, book):
                seen.add(str(data.get("id")))
                found.append(_run(before, book, moved(data, version.pack.start), changed))
    return tuple(found)


def _concerns(data: Data, version: Version, book: PolicyBook) -> bool:
    packs = data.get("packs")
    names = packs if isinstance(packs, list) else [packs] if packs else []
    if names:
        return version.pack.id in names and all(name in book.packs for name in names)
    bound = book.bindings.get((str(data.get("area")), str(data.get("scheme"))))
    return bound is not None and version.pack.id in bound.packs


def _run(
    before: PolicyBook | None, book: PolicyBook, data: Data, changed: Mapping[str, Mapping[str, Any]]
) -> DraftCase:
    change = changed.get(str(data.get("id")), {})
    outdated = before is not None and not _result(before, data).ok
    new = with_expectations(data, change.get("expect", {}))
    return DraftCase(new, _result(book, new), outdated, str(change.get("reason", "")))


def _result(book: PolicyBook, data: Data) -> CaseResult:
    """Run one case; a case that can't be read has failed."""
    tree = parse_yaml(case_text([data], "案例"), "案例")
    try:
        (case,) = read_case_file(tree) if isinstance(tree, Map) else []
    except (PolicyErrors, ValueError) as error:
        return CaseResult("案例", 0, str(data.get("id", "")), str(data.get("title", "")), (str(error),))
    return run_case(book, case)


def published_cases(cases: Sequence[DraftCase]) -> str:
    """The case file that is published with a version: what passes under it."""
    kept = [case.data for case in cases if case.result.ok]
    return case_text(kept, "随版本发布的案例") if kept else ""


def statements(version: Version) -> int:
    """How many statements a version makes; for its summary."""
    return len(document_of(version.pack).entries())
