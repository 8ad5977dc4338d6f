"""The book of all packs: which documents are in force where and when, and the plans compiled from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from tongchou.policy.bindings import Bindings, read_bindings
from tongchou.policy.compiler import compile_program
from tongchou.policy.financing import FinancingPlan
from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.formulas import Formula
from tongchou.policy.loader import read_packs
from tongchou.policy.model import Ambiguity, BoundScheme, Pack
from tongchou.policy.nodes import Map, Scalar, canonical, choose_readings
from tongchou.policy.packs import read_ambiguities, read_pack
from tongchou.policy.plan import Plan
from tongchou.policy.rejections import NO_FORMULA, NO_PACKAGE, NOT_IN_FORCE, UNKNOWN_PLAN
from tongchou.policy.vocabulary import STANDARD_FACTS

LANGUAGE = 1
"""Version of the language; part of every package hash, so that a change of meaning changes the hash."""
CACHE_LIMIT = 50_000

Readings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FundSpec:
    """A fund that a policy pays from: national code and name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Version:
    """One document version before readings are chosen. ``until`` is the last day, included."""

    tree: Map
    ambiguities: tuple[Ambiguity, ...]
    pack: Pack

    def in_force(self, day: date) -> bool:
        """Whether the version itself says that it holds on a day (a later version may still replace it)."""
        return self.pack.start <= day and (self.pack.until is None or day <= self.pack.until)


class PolicyBook:
    """All packs and bindings of one directory. Immutable after loading; plans are compiled once and cached."""

    def __init__(
        self, trees: Sequence[Map], *, as_of: date | None = None, published: Mapping[str, date] | None = None
    ) -> None:
        """Read packs and bindings.

        Args:
            as_of: leave out what was published after this day.
            published: by file, when its text was published, where the text does not say so itself.
        """
        self.findings: list[Finding] = []
        self._versions: dict[str, list[Version]] = {}
        self.bindings = Bindings()
        self._published = published or {}
        self._packs: dict[tuple[int, tuple[tuple[str, str], ...]], Pack] = {}
        self._plans: dict[tuple[object, ...], Plan] = {}
        self._by_day: dict[tuple[str, str, str, date], Plan] = {}
        for tree in trees:
            if tree.get("binding") is not None:
                self._bind(tree, as_of)
            else:
                self._enter(tree, as_of)
        for versions in self._versions.values():
            versions.sort(key=lambda version: version.pack.start)

    @classmethod
    def load(cls, directory: Path | str, *, as_of: date | None = None, bound_only: bool = False) -> PolicyBook:
        """Load and check every pack of a directory (or one file).

        Args:
            as_of: leave out versions that were published after this day.
            bound_only: leave out packs that no area has bound, so that a mistake in them hinders nobody.

        Raises:
            PolicyErrors: with every finding; the packs cannot be used before they are mended.
        """
        from tongchou.policy.checker import check_book  # the checker compiles plans through this module

        trees = read_packs(Path(directory))
        if bound_only:
            bindings = [tree for tree in trees if tree.get("binding") is not None]
            bound = cls(bindings).bindings.packs()
            trees = [*bindings, *(tree for tree in trees if _pack_name(tree) in bound)]
        book = cls(trees, as_of=as_of)
        errors = [finding for finding in check_book(book) if finding.severity == "error"]
        if errors:
            raise PolicyErrors(errors)
        return book

    # -- reading ------------------------------------------------------------------------------------------------------

    def _enter(self, tree: Map, as_of: date | None) -> None:
        ambiguities = read_ambiguities(tree, self.findings)
        adopted = {entry.id: entry.adopted for entry in ambiguities}
        chosen = choose_readings(tree, adopted, self.findings)
        if not isinstance(chosen, Map):
            return
        pack = self._dated(read_pack(chosen, self.findings, STANDARD_FACTS))
        if as_of is None or pack.published is None or pack.published <= as_of:
            self._versions.setdefault(pack.id, []).append(Version(tree, ambiguities, pack))

    def _dated(self, pack: Pack) -> Pack:
        """The pack with the day of its publication."""
        day = self._published.get(pack.file)
        return replace(pack, published=day) if day is not None and pack.published is None else pack

    def _bind(self, tree: Map, as_of: date | None) -> None:
        for bound in read_bindings(tree, self.findings, published=self._published.get(tree.file)):
            if as_of is not None and bound.published is not None and bound.published > as_of:
                continue
            if not self.bindings.add(bound):
                since = f"自{bound.start}起" if bound.start > date.min else ""
                message = f"统筹区{bound.area}的险种{bound.scheme}{since}绑定了两次"
                remedy = "请合并为一条；以后改用别的包的，用from写明从哪一天起"
                self.findings.append(Finding(bound.place.file, bound.place.line, bound.place.cite, message, remedy))

    # -- questions ------------------------------------------------------------------------------------------------------

    @property
    def packs(self) -> Mapping[str, Sequence[Version]]:
        """Every pack's versions in the order of their dates."""
        return self._versions

    def plan(self, *, area: str, scheme: str, benefit: str, on: date, readings: Readings | None = None) -> Plan:
        """The compiled plan in force on a day; cached.

        Args:
            readings: other readings than the area's own, by the id of the ambiguity.

        Raises:
            Rejection: POL-001 no package is bound, POL-002 none is in force or the benefit does not exist.
            PolicyErrors: the chosen readings make the packs contradictory.
        """
        key = (area, scheme, benefit, on)
        if not readings and (cached := self._by_day.get(key)) is not None:
            return cached
        bound = self._bound(area, scheme, on)
        chosen = {**bound.readings, **(readings or {})}
        plan = self.plan_of(
            bound.packs, benefit=benefit, on=on, readings=chosen, area=area, scheme=scheme, since=bound.start
        )
        if not readings:
            if len(self._by_day) >= CACHE_LIMIT:
                self._by_day.clear()
            self._by_day[key] = plan
        return plan

    def plan_of(
        self,
        packs: Iterable[str],
        *,
        benefit: str,
        on: date,
        readings: Readings | None = None,
        area: str = "",
        scheme: str = "",
        since: date = date.min,
    ) -> Plan:
        """The plan made of the named packs in their order of payment; used by cases and by :meth:`plan`.

        Args:
            since: the day from which these packs are used together; the plan is named after it if it is the latest.

        Raises:
            Rejection: POL-002. PolicyErrors: see :meth:`plan`.
        """
        names = tuple(packs)
        versions = self.in_force(names, on)
        chosen = self._chosen(versions, readings or {})
        start = max(self._since(names, on), since)
        if not any(benefit in entry.names for version in versions for entry in version.pack.benefits):
            raise NOT_IN_FORCE(day=on, benefit=benefit, area=area or "+".join(names), scheme=scheme or "-")
        key = (area, scheme, names, benefit, start, tuple(sorted(chosen.items())))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._compile(
                versions, chosen, benefit, start, f"{area or '+'.join(names)}/{scheme or '-'}"
            )
        return plan

    def plan_by_id(self, plan_id: str) -> Plan:
        """The plan with which an old settlement was computed, to explain it.

        Raises:
            Rejection: POL-003 the id is unknown, or the packs have changed since.
        """
        try:
            head, _, digest = plan_id.partition("#")
            where, _, rest = head.partition("@")
            area, scheme, benefit = where.split("/")
            day, _, readings_text = rest.partition("?")
            readings = dict(pair.split("=") for pair in readings_text.split("&") if pair)
            plan = self.plan(area=area, scheme=scheme, benefit=benefit, on=date.fromisoformat(day), readings=readings)
        except ValueError as error:
            raise UNKNOWN_PLAN(plan_id=plan_id) from error
        if not plan.package_hash.startswith(digest) or not digest:
            raise UNKNOWN_PLAN(plan_id=plan_id)
        return plan

    def benefits(self, *, area: str, scheme: str, on: date) -> tuple[str, ...]:
        """The benefits that an area's scheme offers on a day, in written order."""
        versions = self.in_force(self._bound(area, scheme, on).packs, on)
        return tuple(dict.fromkeys(name for v in versions for entry in v.pack.benefits for name in entry.names))

    def funds(self, *, area: str, scheme: str) -> tuple[FundSpec, ...]:
        """The funds that the scheme's packs pay from in any version.

        Raises:
            Rejection: POL-001.
        """
        names = self.bindings.packs_of(area, scheme)
        if not names:
            raise NO_PACKAGE(area=area, scheme=scheme)
        found = {
            code: name for pack in names for v in self._versions.get(pack, ()) for code, name in v.pack.funds.items()
        }
        return tuple(FundSpec(code, name) for code, name in found.items())

    def financing(self, *, area: str, scheme: str, on: date, readings: Readings | None = None) -> FinancingPlan:
        """The financing table of the scheme's packs.

        Raises:
            Rejection: POL-040 there is none in force.
        """
        bound = self._bound(area, scheme, on)
        return self.financing_of(bound.packs, on=on, readings={**bound.readings, **(readings or {})})

    def financing_of(self, packs: Iterable[str], *, on: date, readings: Readings | None = None) -> FinancingPlan:
        """As :meth:`financing`, for named packs."""
        for version in self.in_force(packs, on):
            financing = self.read(version, self._chosen([version], readings or {})).financing
            if financing is not None:
                return FinancingPlan(financing)
        raise NO_FORMULA(day=on, name="筹资标准")

    def formula(self, name: str, *, area: str, scheme: str, on: date, readings: Readings | None = None) -> Formula:
        """A named formula of the scheme's packs.

        Raises:
            Rejection: POL-040 there is none in force.
        """
        bound = self._bound(area, scheme, on)
        return self.formula_of(bound.packs, name, on=on, readings={**bound.readings, **(readings or {})})

    def formula_of(self, packs: Iterable[str], name: str, *, on: date, readings: Readings | None = None) -> Formula:
        """As :meth:`formula`, for named packs."""
        for version in self.in_force(tuple(packs), on):
            pack = self.read(version, self._chosen([version], readings or {}))
            if name in pack.formulas:
                findings: list[Finding] = []
                formula = Formula(pack.formulas[name], pack.defines, pack.tables, findings)
                if findings:
                    raise PolicyErrors(findings)
                return formula
        raise NO_FORMULA(day=on, name=name)

    # -- versions and readings ------------------------------------------------------------------------------------------

    def _bound(self, area: str, scheme: str, day: date) -> BoundScheme:
        bound = self.bindings.on(area, scheme, day)
        if bound is None:
            raise NO_PACKAGE(area=area, scheme=scheme)
        return bound

    def in_force(self, packs: Iterable[str], day: date) -> list[Version]:
        """The newest version in force of each pack; a pack that is not in force is left out."""
        found = []
        for name in packs:
            begun = [version for version in self._versions.get(name, ()) if version.pack.start <= day]
            if begun and begun[-1].in_force(day):  # a later version ends the one before it for good
                found.append(begun[-1])
        return found

    def _since(self, packs: Iterable[str], day: date) -> date:
        """The first day from which on exactly these versions have been in force."""
        versions = [version.pack for name in packs for version in self._versions.get(name, ())]
        starts = [pack.start for pack in versions]
        starts += [pack.until + timedelta(days=1) for pack in versions if pack.until is not None]
        return max((start for start in starts if start <= day), default=day)

    @staticmethod
    def _chosen(versions: Sequence[Version], readings: Readings) -> dict[str, str]:
        """The readings that differ from the adopted ones."""
        known = {entry.id: entry for version in versions for entry in version.ambiguities}
        chosen = {}
        for name, reading in readings.items():
            if name in known:
                if reading not in known[name].readings:
                    place = known[name].place
                    message, usable = f"歧义{name}没有理解“{reading}”", f"可用：{'、'.join(known[name].readings)}"
                    raise PolicyErrors([Finding(place.file, place.line, place.cite, message, usable)])
                if reading != known[name].adopted:
                    chosen[name] = reading
        return chosen

    def read(self, version: Version, chosen: Readings, findings: list[Finding] | None = None) -> Pack:
        """A version under readings that differ from the adopted ones; cached. Raises PolicyErrors without ``findings``."""
        if not chosen:
            return version.pack
        key = (id(version), tuple(sorted(chosen.items())))
        if key not in self._packs:
            found: list[Finding] = []
            adopted = {entry.id: entry.adopted for entry in version.ambiguities}
            tree = choose_readings(version.tree, adopted | dict(chosen), found)
            pack = self._dated(read_pack(tree, found, STANDARD_FACTS)) if isinstance(tree, Map) else version.pack
            if findings is not None:
                findings += found
            elif found:
                raise PolicyErrors(found)
            self._packs[key] = pack
        return self._packs[key]

    def _compile(self, versions: Sequence[Version], chosen: Readings, benefit: str, start: date, where: str) -> Plan:
        findings: list[Finding] = []
        packs = [self.read(version, chosen) for version in versions]
        program = compile_program(packs, benefit, findings)
        if findings:
            raise PolicyErrors(findings)
        digest = package_hash(versions, chosen)
        suffix = "?" + "&".join(f"{key}={value}" for key, value in sorted(chosen.items())) if chosen else ""
        used = [pack for pack in packs if any(benefit in entry.names for entry in pack.benefits)]
        return Plan(
            program=program,
            plan_id=f"{where}/{benefit}@{start}{suffix}#{digest[:12]}",
            package_hash=digest,
            title=" + ".join(pack.title for pack in used),
            benefit=benefit,
            version_from=start,
            benefit_year=used[0].benefit_year,
            counts_in=used[0].counts_in,
        )


def _pack_name(tree: Map) -> str:
    name = tree.get("pack")
    return name.text if isinstance(name, Scalar) else ""


def content_hash(tree: Map) -> str:
    """The fingerprint of one version by itself: SHA-256 over its content; comments and layout do not count."""
    text = json.dumps({"language": LANGUAGE, "pack": canonical(tree)}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def package_hash(versions: Sequence[Version], chosen: Readings) -> str:
    """SHA-256 over the content of all chained packs and the chosen readings; comments and layout do not count.

    The standard facts are part of the language: who changes what one of them means raises :data:`LANGUAGE`.
    """
    content = {
        "language": LANGUAGE,
        "packs": [canonical(version.tree) for version in versions],
        "readings": dict(sorted(chosen.items())),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
