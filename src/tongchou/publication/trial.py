"""What a draft would do: the book with it in place, the checker's findings, the cases of the pack run under it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from tongchou.policy import Finding, PolicyBook, PolicyErrors
from tongchou.policy.arrangements import arrangement_differences
from tongchou.policy.book import Version, content_hash
from tongchou.policy.casedata import Data, case_data, case_text, expectations, moved, with_expectations
from tongchou.policy.caseread import read_case_file
from tongchou.policy.cases import CaseResult, run_case
from tongchou.policy.checker import check_book
from tongchou.policy.difference import Difference
from tongchou.policy.document import document_of, version_differences
from tongchou.policy.model import BoundScheme
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.publication import store
from tongchou.publication.models import PublishedVersion

DRAFT_FILE = "草稿"
KEPT = 8


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
    """A draft as it stands: what the checker says, what changes, how the cases come out.

    ``version`` or ``arranged`` is what it makes (neither where it can't be read), ``base`` or ``base_arranged`` what it follows.
    """

    findings: tuple[Finding, ...]
    differences: tuple[Difference, ...] = ()
    cases: tuple[DraftCase, ...] = ()
    version: Version | None = None
    base: Version | None = None
    book: PolicyBook | None = None
    arranged: BoundScheme | None = None
    base_arranged: BoundScheme | None = None
    hash: str = ""

    @property
    def start(self) -> date | None:
        """From which day it would hold; ``None`` where it can't be read."""
        if self.arranged is not None:
            return self.arranged.start
        return self.version.pack.start if self.version is not None else None

    @property
    def base_start(self) -> date | None:
        """Since when what it follows has held; ``None`` where it is the first."""
        if self.base_arranged is not None:
            return self.base_arranged.start
        return self.base.pack.start if self.base is not None else None

    @property
    def base_words(self) -> str:
        """What it follows."""
        if self.base_start in (None, date.min):
            return "现在采用的"
        return f"自{self.base_start}起{'采用的' if self.arranged is not None else '的版本'}"

    @property
    def base_hash(self) -> str:
        """The fingerprint of what it follows; empty where it is the first."""
        if self.base_arranged is not None:
            return arrangement_hash(self.base_arranged)
        return content_hash(self.base.tree) if self.base is not None else ""

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
        return Trial(errors.findings)
    if store.is_binding(tree):
        return _attempt_arrangement(tree, own_cases=own_cases, changed=changed, with_cases=with_cases)
    now = store.library()
    pack = store.pack_name(tree)
    before, known = _before_draft(now, pack)
    book = _chain_book(now, pack, tree)
    findings = tuple(finding for finding in check_book(book) if finding not in known)
    version = next((v for v in book.packs.get(pack, ()) if v.pack.file == DRAFT_FILE), None)
    if version is None:
        return Trial(findings)
    base = _before(before, version)
    differences = tuple(version_differences(base, version)) if base else ()
    sound = not any(finding.severity == "error" for finding in findings)
    cases: tuple[DraftCase, ...] = ()
    if sound and with_cases:
        schemes = [store.binding_key(*scheme) for scheme in book.bindings.schemes]
        ask = _Cases(before, book, pack, version.pack.start, store.case_trees(pack, *schemes))
        cases = ask.run(own_cases, changed)
    return Trial(findings, differences, cases, version, base, book if sound else None, hash=content_hash(tree))


@lru_cache(maxsize=KEPT)
def _before_draft(now: PolicyBook, pack: str) -> tuple[PolicyBook, frozenset[Finding]]:
    """The chain without the draft, and what the checker says of it; kept, because a draft is tried after every change."""
    before = _chain_book(now, pack)
    return before, frozenset(check_book(before))


def _attempt_arrangement(
    tree: Map, *, own_cases: str, changed: Mapping[str, Mapping[str, Any]], with_cases: bool
) -> Trial:
    """Try out which packs a scheme would use: the checker on the chain from that day on, the scheme's cases under it."""
    now = store.library()
    drafted = PolicyBook([tree])
    bounds = list(drafted.bindings)
    if len(bounds) != 1:
        one = Finding(DRAFT_FILE, tree.line, "", "草稿应安排一个险种采用的政策包", "请重新起草")
        return Trial((*drafted.findings, one))
    (bound,) = bounds
    key = (bound.area, bound.scheme)
    before = _scheme_book(now, bound)
    book = _scheme_book(now, bound)
    extra = list(drafted.findings)
    if not book.bindings.add(bound):
        extra.append(Finding(DRAFT_FILE, 1, "", f"已有自{bound.start}起采用的政策包", "请改用另一个日期"))
    known = set(check_book(before))
    findings = (*extra, *(finding for finding in check_book(book) if finding not in known))
    earlier = [one for one in before.bindings.history(*key) if one.start < bound.start]
    base = earlier[-1] if earlier else None
    sound = not any(finding.severity == "error" for finding in findings)
    cases: tuple[DraftCase, ...] = ()
    if sound and with_cases:
        subject = store.binding_key(*key)
        ask = _Cases(before, book, subject, bound.start, store.case_trees(subject, *bound.packs))
        cases = ask.run(own_cases, changed)
    return Trial(
        findings, tuple(arrangement_differences(book, base, bound)), cases, None, None, book if sound else None, bound, base,
        content_hash(tree),
    )  # fmt: skip


def _scheme_book(now: PolicyBook, bound: BoundScheme) -> PolicyBook:
    """The packs that a scheme uses at any time, those that it would use, and its arrangements so far."""
    names = {*now.bindings.packs_of(bound.area, bound.scheme), *bound.packs}
    book = PolicyBook([version.tree for name in sorted(names) for version in now.packs.get(name, ())])
    book.bindings.update(now.bindings.history(bound.area, bound.scheme))
    return book


def _chain_book(now: PolicyBook, pack: str, draft: Map | None = None) -> PolicyBook:
    """The packs that are bound together with this one, the pack itself, and the draft."""
    schemes = now.bindings.users_of(pack)
    names = {pack, *(name for scheme in schemes for name in now.bindings.packs_of(*scheme))}
    trees = [version.tree for name in sorted(names) for version in now.packs.get(name, ())]
    book = PolicyBook([*trees, draft] if draft is not None else trees)
    for scheme in schemes:
        book.bindings.update(now.bindings.history(*scheme))
    return book


def broken_without(row: PublishedVersion) -> list[Finding]:
    """What the checker would find if a published version were not there."""
    now, rest = store.library(), store.library_without(row)
    if row.arranges:
        bound = next(b for b in now.bindings if b.place.file == row.file)
        before, after = _scheme_book(now, bound), _scheme_book(rest, bound)
    else:
        before, after = _chain_book(now, row.pack), _chain_book(rest, row.pack)
    known = set(check_book(before))
    return [found for found in check_book(after) if found.severity == "error" and found not in known]


def arrangement_hash(bound: BoundScheme) -> str:
    """The fingerprint of an arrangement: what it binds from which day on."""
    content = [
        bound.area,
        bound.scheme,
        bound.title,
        bound.start.isoformat(),
        bound.packs,
        sorted(bound.readings.items()),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _before(book: PolicyBook, version: Version) -> Version | None:
    """The version that the draft takes the place of: the last one that begins before it."""
    earlier = [v for v in book.packs.get(version.pack.id, ()) if v.pack.start < version.pack.start]
    return earlier[-1] if earlier else None


# -- cases ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cases:
    """The cases of a pack or of a scheme, moved to the days of what the draft makes; those that came with it as they are."""

    before: PolicyBook
    book: PolicyBook
    subject: str
    start: date
    trees: Sequence[Map]

    def run(self, own: str, changed: Mapping[str, Mapping[str, Any]]) -> tuple[DraftCase, ...]:
        found = []
        seen: set[str] = set()
        if own:
            tree = parse_yaml(own, f"{DRAFT_FILE}/cases")
            for data in case_data(tree) if isinstance(tree, Map) else []:
                seen.add(str(data.get("id")))
                found.append(_run(None, self.book, data, changed))
        for tree in self.trees:
            for data in case_data(tree):
                if str(data.get("id")) not in seen and self._concerns(data):
                    seen.add(str(data.get("id")))
                    found.append(_run(self.before, self.book, moved(data, self.start), changed))
        return tuple(found)

    def _concerns(self, data: Data) -> bool:
        scheme = (str(data.get("area")), str(data.get("scheme")))
        if "/" in self.subject:
            return self.subject == store.binding_key(*scheme)
        packs = data.get("packs")
        names = packs if isinstance(packs, list) else [packs] if packs else []
        if names:
            return self.subject in names and all(name in self.book.packs for name in names)
        return self.subject in self.book.bindings.packs_of(*scheme)


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
