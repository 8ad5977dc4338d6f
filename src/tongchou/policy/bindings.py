"""Which packs an area's scheme uses, in which order, with which readings of ambiguous texts: an arrangement from a day on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from tongchou.policy.findings import Finding
from tongchou.policy.model import BoundScheme
from tongchou.policy.nodes import Map, Scalar
from tongchou.policy.reader import Cursor


class Bindings:
    """Every arrangement of every scheme, each in force until the next one of its scheme begins."""

    def __init__(self) -> None:
        self._by_scheme: dict[tuple[str, str], list[BoundScheme]] = {}

    def __iter__(self) -> Iterator[BoundScheme]:
        """All arrangements: scheme by scheme, in the order of their days."""
        return (bound for history in self._by_scheme.values() for bound in history)

    def __bool__(self) -> bool:
        return bool(self._by_scheme)

    def add(self, bound: BoundScheme) -> bool:
        """Take an arrangement in; ``False`` where the scheme has one from the same day already."""
        history = self._by_scheme.setdefault((bound.area, bound.scheme), [])
        if any(one.start == bound.start for one in history):
            return False
        history.append(bound)
        history.sort(key=lambda one: one.start)
        return True

    def update(self, others: Iterable[BoundScheme]) -> None:
        """Take several in; those that are here already stay."""
        for bound in others:
            self.add(bound)

    @property
    def schemes(self) -> tuple[tuple[str, str], ...]:
        """Area and scheme of all that is arranged, in the order in which they were read."""
        return tuple(self._by_scheme)

    def history(self, area: str, scheme: str) -> tuple[BoundScheme, ...]:
        """The arrangements of a scheme in the order of their days."""
        return tuple(self._by_scheme.get((area, scheme), ()))

    def on(self, area: str, scheme: str, day: date) -> BoundScheme | None:
        """The arrangement in force on a day."""
        begun = [bound for bound in self._by_scheme.get((area, scheme), ()) if bound.start <= day]
        return begun[-1] if begun else None

    def newest(self, area: str, scheme: str) -> BoundScheme | None:
        """The last arrangement, whether it holds already or not."""
        history = self._by_scheme.get((area, scheme))
        return history[-1] if history else None

    def packs_of(self, area: str, scheme: str) -> tuple[str, ...]:
        """The packs that a scheme uses at any time: those of the newest arrangement first, in the order of payment."""
        history = reversed(self._by_scheme.get((area, scheme), ()))
        return tuple(dict.fromkeys(name for bound in history for name in bound.packs))

    def packs(self) -> set[str]:
        """All packs that some scheme uses at some time."""
        return {name for bound in self for name in bound.packs}

    def users_of(self, pack: str) -> list[tuple[str, str]]:
        """The schemes that use a pack at some time: area and scheme."""
        return [key for key, history in self._by_scheme.items() if any(pack in bound.packs for bound in history)]

    def until(self, bound: BoundScheme) -> date | None:
        """The last day of an arrangement; ``None`` where none follows."""
        later = [one.start for one in self._by_scheme[bound.area, bound.scheme] if one.start > bound.start]
        return later[0] - timedelta(days=1) if later else None


def read_bindings(tree: Map, findings: list[Finding], *, published: date | None = None) -> list[BoundScheme]:
    """The arrangements of one document: one area, some schemes; ``from`` stands in the scheme or once for all of them.

    Args:
        published: on what day it was published, where the document does not say so itself.
    """
    top = Cursor(tree, findings)
    block = top.child("binding")
    area = block.child("area") if block else None
    if block is None or area is None:
        top.report("绑定缺少统筹区", "请写binding: {area: {code: 代码, name: 名称}, schemes: […]}")
        return []
    code, name = area.needed_text("code"), area.needed_text("name")
    area.done()
    start, said = block.day("from"), block.day("published")
    found = []
    for item in block.children("schemes"):
        readings = {key: node.text for key, node in item.named("readings") if isinstance(node, Scalar)}
        found.append(
            BoundScheme(
                area=code,
                area_name=name,
                scheme=item.needed_text("scheme"),
                title=item.needed_text("name"),
                packs=item.words("packs"),
                readings=readings,
                place=item.place,
                start=item.day("from") or start or date.min,
                published=said or published,
                note=item.text("note"),
            )
        )
        item.done()
    block.done()
    top.done()
    return found
