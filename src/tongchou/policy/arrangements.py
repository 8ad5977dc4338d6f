"""An area's arrangement of packs in words: its order of payment, its readings, what one arrangement changes against another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tongchou.policy.book import PolicyBook, Version
from tongchou.policy.casedata import yaml_text
from tongchou.policy.difference import Difference
from tongchou.policy.model import Ambiguity, BoundScheme

ARROW = " → "


@dataclass(frozen=True, slots=True)
class AdoptedReading:
    """An ambiguous text of an area's packs and the reading that holds there; ``own``: another than the pack's."""

    pack: str
    ambiguity: Ambiguity
    reading: str
    own: bool

    @property
    def words(self) -> str:
        """The reading with what it means."""
        return f"{self.reading}（{self.ambiguity.readings[self.reading]}）"


def version_at(book: PolicyBook, pack: str, day: date) -> Version | None:
    """The version of a pack in force on a day; before the first, the first; after the last has ended, the last."""
    versions = book.packs.get(pack, ())
    in_force = book.in_force([pack], day)
    begun = [version for version in versions if version.pack.start <= day]
    return next(iter([*in_force, *begun[-1:], *versions[:1]]), None)


def pack_title(book: PolicyBook, pack: str, day: date) -> str:
    """What a pack is called; its name where there is none."""
    version = version_at(book, pack, day)
    return version.pack.title if version is not None else pack


def order_words(book: PolicyBook, bound: BoundScheme) -> str:
    """The packs in their order of payment."""
    return ARROW.join(pack_title(book, name, _day(bound)) for name in bound.packs) or "没有"


def adopted_readings(book: PolicyBook, bound: BoundScheme) -> list[AdoptedReading]:
    """The ambiguities of an arrangement's packs with the readings that hold."""
    found = []
    for name in bound.packs:
        version = version_at(book, name, _day(bound))
        for entry in version.ambiguities if version is not None else ():
            reading = bound.readings.get(entry.id, entry.adopted)
            if reading in entry.readings:
                found.append(AdoptedReading(name, entry, reading, reading != entry.adopted))
    return found


def arrangement_differences(book: PolicyBook, before: BoundScheme | None, after: BoundScheme) -> list[Difference]:
    """What an arrangement changes against the one before it, in words: the days, packs, their order, readings."""
    found = [_change("version", "施行期间", _since(before), _since(after), after)]
    old = before.packs if before is not None else ()
    for number, name in enumerate(after.packs, 1):
        if name not in old:
            label = f"采用 {pack_title(book, name, after.start)}（{name}）"
            found.append(Difference("added", f"pack/{name}", label, "", f"第{number}位支付", "", after.place.citation))
    for number, name in enumerate(old, 1):
        if name not in after.packs:
            label = f"采用 {pack_title(book, name, after.start)}（{name}）"
            found.append(
                Difference("removed", f"pack/{name}", label, f"第{number}位支付", "", "", after.place.citation)
            )
    if before is not None:
        kept = [[name for name in side if name in old and name in after.packs] for side in (old, after.packs)]
        if kept[0] != kept[1]:
            found.append(_change("order", "支付顺序", order_words(book, before), order_words(book, after), after))
        if before.title != after.title:
            found.append(_change("name", "险种名称", before.title, after.title, after))
    found += _reading_changes(book, before, after)
    return [change for change in found if change is not None]


def _reading_changes(book: PolicyBook, before: BoundScheme | None, after: BoundScheme) -> list[Difference | None]:
    known = {entry.ambiguity.id: entry for entry in adopted_readings(book, before)} if before is not None else {}
    found: list[Difference | None] = []
    for entry in adopted_readings(book, after):
        address, label = f"reading/{entry.ambiguity.id}", f"对“{entry.ambiguity.text}”的理解"
        old = known.get(entry.ambiguity.id)
        if old is not None:
            found.append(_change(address, label, old.words, entry.words, after))
        elif entry.own:
            found.append(Difference("added", address, label, "", entry.words, "", after.place.citation))
    return found


def _change(address: str, label: str, before: str, after: str, bound: BoundScheme) -> Difference | None:
    if before == after:
        return None
    if not before:
        return Difference("added", address, label, "", after, "", bound.place.citation)
    return Difference("changed", address, label, before, after, "", bound.place.citation)


def _since(bound: BoundScheme | None) -> str:
    if bound is None:
        return ""
    return f"自 {bound.start} 起" if bound.start > date.min else "一直采用"


def _day(bound: BoundScheme) -> date:
    """The day on which its packs are looked at; one that has always held is looked at as the newest versions are."""
    return bound.start if bound.start > date.min else date.max


def binding_text(
    *,
    area: str,
    area_name: str,
    scheme: str,
    title: str,
    start: date,
    packs: Sequence[str],
    readings: dict[str, str],
    cite: str = "",
    note: str = "",
) -> str:
    """The text of a binding document of one scheme, from a day on."""
    entry: dict[str, object] = {"scheme": scheme, "name": title, "from": start.isoformat()}
    entry |= {key: words for key, words in (("cite", cite.strip()), ("note", note.strip())) if words}
    entry |= {"packs": list(packs)} | ({"readings": dict(sorted(readings.items()))} if readings else {})
    return yaml_text({"binding": {"area": {"code": area, "name": area_name}, "schemes": [entry]}})
