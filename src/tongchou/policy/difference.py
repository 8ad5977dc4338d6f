"""What changed between two versions, in words: 起付标准（三级）由 800 元 调整为 1,000 元（提高 200 元）。

Pure: two documents in, sentences out. Used by the screens, by a case's side-by-side, by ``tongchou policy diff``.
"""

from __future__ import annotations

from dataclasses import dataclass

from tongchou.policy.provisions import Document, Entry, number_words

MEASURED = ("元", "率", "点", "个", "数")


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. ``kind`` is ``changed``, ``added`` or ``removed``; ``before`` and ``after`` are the words of each side."""

    kind: str
    address: str
    label: str
    before: str
    after: str
    change: str
    citation: str

    @property
    def words(self) -> str:
        """The change as one sentence, with its article."""
        source = f"，依据：{self.citation}" if self.citation else ""
        if self.kind == "added":
            return f"新增 {self.label}：{self.after}{source}"
        if self.kind == "removed":
            return f"取消 {self.label}（原为{self.before}）{source}"
        return f"{self.label} 由 {self.before} 调整为 {self.after}{self.change}{source}"


def differences(before: Document, after: Document) -> list[Difference]:
    """Every statement that one version has and the other has not, or says otherwise, in the order of the later document."""
    old, new = _stated(before), _stated(after)
    found = [_changed(old[address], entry) for address, entry in new.items() if address in old]
    found += [_one_sided("added", entry) for address, entry in new.items() if address not in old]
    found += [_one_sided("removed", entry) for address, entry in old.items() if address not in new]
    order = {address: number for number, address in enumerate([*new, *old])}
    return sorted((change for change in found if change is not None), key=lambda change: order[change.address])


def _stated(document: Document) -> dict[str, Entry]:
    """The statements without the list of missing numbers, which says nothing of its own."""
    return {address: entry for address, entry in document.entries().items() if not address.startswith("missing/")}


def _changed(old: Entry, new: Entry) -> Difference | None:
    if _said(old) == _said(new):
        return None
    same = old.words == new.words
    return Difference(
        kind="changed",
        address=new.address,
        label=new.full_label,
        before=_text(old) if same else old.words,
        after=_text(new) if same else new.words,
        change=_step(old, new),
        citation=new.place.citation,
    )


def _one_sided(kind: str, entry: Entry) -> Difference:
    text = _text(entry)
    return Difference(
        kind=kind,
        address=entry.address,
        label=entry.full_label,
        before=text if kind == "removed" else "",
        after=text if kind == "added" else "",
        change="",
        citation=entry.place.citation,
    )


def _said(entry: Entry) -> tuple[str, str, str]:
    return entry.words, entry.detail, entry.note


def _text(entry: Entry) -> str:
    """Words with what goes with them."""
    extra = "；".join(part for part in (entry.detail, entry.note) if part)
    return f"{entry.words}（{extra}）" if extra else entry.words


def _step(old: Entry, new: Entry) -> str:
    """By how much a number rose or fell; a ratio in points, never in percent of itself."""
    if old.number is None or new.number is None or old.unit != new.unit or old.unit not in MEASURED:
        return ""
    step = new.number - old.number
    if step == 0:
        return ""
    unit = "点" if old.unit == "率" else old.unit
    return f"（{'提高' if step > 0 else '降低'} {number_words(abs(step), unit)}）"
