"""One simulation from its inputs: claims, the policy in force, the changed one. The inputs are JSON, so that a run repeats."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tongchou.policy import Finding, PolicyBook, PolicyErrors
from tongchou.policy.checker import check_book
from tongchou.policy.model import BoundScheme
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.policy.overlays import Overlay, parse_assignment, trees_of, with_overlays
from tongchou.simulation.core import OrderError
from tongchou.simulation.files import ClaimFiles
from tongchou.simulation.parquet import ColumnError
from tongchou.simulation.rejections import DATA_UNUSABLE, NO_COMPARISON, POLICY_UNUSABLE
from tongchou.simulation.results import results
from tongchou.simulation.year import Scenario, YearRun

IN_FORCE, CHANGED, DRAFT = "现行政策", "调整后", "草稿"
THRESHOLD = 2_000_000
"""Out-of-pocket of 20 000 yuan in a year, unless the user says otherwise."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a run was asked for. Amounts in fen, days as ISO text, so that it can be stored and run again.

    Attributes:
        on: settle every claim by the policy of this day; empty: each by its own day.
        sets: changed numbers, ``path=value`` or ``path@day=value``.
        against_on: the other policy is that of another day.
        against_packs: the other policy is this chain of packs.
        draft, draft_title: the other policy has this text of a pack as its newest version, from its first day on for every
            claim; and what it is called.
        fixed: facts that the claims do not have, in words.
        months: months that the claims cover; 0 = those that occur.
        insured: persons by class of the financing table, for the year's income; none: no income is computed.
    """

    area: str
    scheme: str
    on: str = ""
    sets: tuple[str, ...] = ()
    against_on: str = ""
    against_packs: tuple[str, ...] = ()
    draft: str = ""
    draft_title: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    benefit: str = "住院"
    threshold: int = THRESHOLD
    balances: Mapping[str, int] = field(default_factory=dict)
    months: int = 0
    insured: Mapping[str, int] = field(default_factory=dict)

    @property
    def compares(self) -> bool:
        """Whether there is a second policy."""
        return bool(self.sets or self.against_on or self.against_packs or self.draft)

    def as_data(self) -> dict[str, Any]:
        """As JSON values; :meth:`of` turns them back."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Inputs:
        """From :meth:`as_data`."""
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**known)


def scenarios_of(inputs: Inputs, book: PolicyBook, other: PolicyBook | None = None) -> list[Scenario]:
    """The policy in force and the changed one.

    Args:
        other: the changed policy comes from this book (a directory of packs).

    Raises:
        Rejection: POL-050 … POL-054 the changed numbers, SIMU-004 the checker refuses what results.
    """
    on = date.fromisoformat(inputs.on) if inputs.on else None
    names: dict[str, Any] = {"area": inputs.area, "scheme": inputs.scheme}
    first = Scenario(title=IN_FORCE, book=book, on=on, **names)
    if other is None and not inputs.compares:
        return [first]
    overlays = overlays_of(inputs.sets)
    unknown = [name for name in inputs.against_packs if name not in (other or book).packs]
    if unknown:
        known = "、".join(sorted((other or book).packs))
        raise POLICY_UNUSABLE(findings=f"没有政策包 {'、'.join(unknown)}；可用：{known}")
    try:
        changed, since = with_draft(other or book, inputs) if inputs.draft else (other or book, None)
        packs = inputs.against_packs or changed.bindings.packs_of(inputs.area, inputs.scheme)
        changed = with_overlays(changed, overlays, packs=packs)
    except PolicyErrors as errors:
        raise POLICY_UNUSABLE(findings="；".join(finding.text() for finding in errors.findings[:5])) from errors
    day = date.fromisoformat(inputs.against_on) if inputs.against_on else since or on
    return [first, Scenario(title=CHANGED, book=changed, on=day, packs=inputs.against_packs, **names)]


def with_draft(book: PolicyBook, inputs: Inputs) -> tuple[PolicyBook, date]:
    """The book with a draft in the place of what it follows from its day on, and that day.

    The draft is a version of a pack, or another arrangement of the scheme's packs.

    Raises:
        PolicyErrors: the checker refuses it, or it is not of the scheme.
    """
    tree = parse_yaml(inputs.draft, DRAFT)
    drafted = PolicyBook([tree] if isinstance(tree, Map) else [])
    for bound in drafted.bindings:
        if (bound.area, bound.scheme) == (inputs.area, inputs.scheme):
            return _sound(_arranged(book, bound)), bound.start
    for pack, versions in drafted.packs.items():
        if pack in book.bindings.packs_of(inputs.area, inputs.scheme):
            start = versions[0].pack.start
            kept = [old for old in trees_of(book) if not _replaced(old, pack, start)]
            changed = PolicyBook([*kept, versions[0].tree])
            changed.bindings.update(book.bindings)
            return _sound(changed), start
    other = Finding(
        DRAFT, 1, "", f"草稿不是险种{inputs.scheme}采用的政策包", "请选择该险种的草稿，并先在政策参数中改正"
    )
    raise PolicyErrors(drafted.findings or [other])


def _arranged(book: PolicyBook, bound: BoundScheme) -> PolicyBook:
    """The book with another arrangement from its day on; packs that nobody has bound so far come from the installation."""
    from tongchou.simulation.choices import all_packs  # needs Django, which the command line has only with a database

    missing = [name for name in bound.packs if name not in book.packs]
    shelf = all_packs().packs if missing else {}
    new = [version.tree for name in missing for version in shelf.get(name, ())]
    changed = PolicyBook([*trees_of(book), *new])
    here = (bound.area, bound.scheme)
    changed.bindings.update(one for one in book.bindings if (one.area, one.scheme) != here or one.start < bound.start)
    changed.bindings.add(bound)
    return changed


def _sound(book: PolicyBook) -> PolicyBook:
    errors = [finding for finding in check_book(book) if finding.severity == "error"]
    if errors:
        raise PolicyErrors(errors)
    return book


def _replaced(tree: Map, pack: str, start: date) -> bool:
    """Whether a draft takes the place of a version: of the same pack, from the same day or later."""
    version = PolicyBook([tree]).packs.get(pack)
    return version is not None and version[0].pack.start >= start


def overlays_of(sets: Sequence[str]) -> list[Overlay]:
    """The overlays of changed numbers.

    Raises:
        Rejection: POL-053.
    """
    return [parse_assignment(text) for text in sets]


def simulate_year(
    inputs: Inputs,
    files: Sequence[Path],
    book: PolicyBook,
    *,
    other: PolicyBook | None = None,
    progress: Progress = lambda done, total: None,
    threads: int = 0,
) -> dict[str, Any]:
    """Run both policies over the claims; the figures are those of :func:`tongchou.simulation.results.results`.

    Args:
        progress: called after each batch with the claims done and in all; what it raises ends the run.

    Raises:
        Rejection: SIMU-001 the claims can't be used, SIMU-004 the policy can't, POL-050 … POL-054 the changed numbers.
    """
    scenarios = scenarios_of(inputs, book, other)
    try:
        opened = ClaimFiles(files)
        run = YearRun(
            scenarios,
            opened,
            fixed=_typed(inputs.fixed, scenarios),
            benefit=inputs.benefit,
            threads=threads or len(os.sched_getaffinity(0)),
        )
        run.run(_counted(opened, progress))
    except (ColumnError, OrderError) as error:
        raise DATA_UNUSABLE(reason=str(error)) from error
    except PolicyErrors as errors:
        raise POLICY_UNUSABLE(findings="；".join(finding.text() for finding in errors.findings[:5])) from errors
    return results(
        run, threshold=inputs.threshold, balances=inputs.balances, months=inputs.months, insured=inputs.insured
    )


def _counted(files: ClaimFiles, progress: Progress) -> Any:
    done = 0
    for batch in files.batches():
        yield batch
        done += len(batch["person"])
        progress(done, files.rows)


def _typed(fixed: Mapping[str, str], scenarios: Sequence[Scenario]) -> dict[str, object]:
    """Fixed facts in their kinds; the kinds are those of the policies' benefits on any day."""
    kinds: dict[str, str] = {}
    for scenario in scenarios:
        for versions in scenario.book.packs.values():
            for version in versions:
                kinds |= {name: spec.kind for name, spec in version.pack.facts.items()}
    from tongchou.policy import STANDARD_FACTS

    kinds = {name: spec.kind for name, spec in STANDARD_FACTS.items()} | kinds
    typed: dict[str, object] = {}
    for name, value in fixed.items():
        if name not in kinds:
            raise DATA_UNUSABLE(reason=f"固定取值中的事实 {name} 不认识；常用的有 {'、'.join(list(kinds)[:8])}")
        try:
            typed[name] = _value(kinds[name], value)
        except ValueError:
            raise DATA_UNUSABLE(reason=f"固定取值 {name}={value} 不是{kinds[name]}") from None
    return typed


def _value(kind: str, text: str) -> object:
    if kind in ("int", "fen"):
        return int(text)
    if kind == "bool":
        return text in ("是", "true", "1")
    return date.fromisoformat(text) if kind == "date" else text


def require_comparison(inputs: Inputs) -> None:
    """Refuse a run on the screen that compares nothing.

    Raises:
        Rejection: SIMU-005.
    """
    if not inputs.compares:
        raise NO_COMPARISON()


__all__ = ["Inputs", "overlays_of", "require_comparison", "scenarios_of", "simulate_year"]
