"""The document-like view says everything that a pack says, and each number where it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.policy.amending import Amendment, amended
from tongchou.policy.book import Version
from tongchou.policy.checker import check_book
from tongchou.policy.document import document_of, version_document
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, Scalar, Seq, Tree, parse_yaml
from tongchou.policy.overlays import written
from tongchou.policy.provisions import Document, Entry, Section

PACKS = default_pack_directory()
BOOKS = {place: PolicyBook(read_packs(place)) for place in (PACKS, PACKS / "shapes")}
VERSIONS = [
    pytest.param(book, version, place / version.pack.file, id=version.pack.file)
    for place, book in BOOKS.items()
    for versions in book.packs.values()
    for version in versions
]
NUMBER = re.compile(r"\d+(?:\.\d+)?")
GROUPING = re.compile(r"(?<=\d),(?=\d{3})")
NAMES = frozenset({"language", "pack", "id", "name"})
"""Keys whose values name things of the language: a version of it, a pack, a layer, a step."""


def numbers(text: str) -> set[Fraction]:
    """Every number that stands in a text."""
    return {Fraction(found) for found in NUMBER.findall(GROUPING.sub("", text))}


def texts(section: Section) -> Iterator[str]:
    """Everything that a reader of the section sees."""
    yield from (section.title, section.citation)
    for block in section.blocks:
        if isinstance(block, Entry):
            yield from (block.label, block.words, block.detail, block.note, block.place.citation)
        else:
            yield from (block.title, block.corner, block.citation, *block.columns)
            for row in block.rows:
                yield row.title
                yield from (text for cell in row.cells if cell for text in (cell.words, cell.detail, cell.note))
    for inner in section.sections:
        yield from texts(inner)


def page(document: Document) -> str:
    """The document as one text."""
    return "\n".join((document.title, *(text for section in document.sections for text in texts(section))))


def written_texts(tree: Tree, key: str = "") -> Iterator[tuple[int, str]]:
    """Every key and value of a pack with its line, without the names of the language."""
    if isinstance(tree, Map):
        for name, inner in tree.entries.items():
            yield inner.line, name
            yield from written_texts(inner, name)
    elif isinstance(tree, Seq):
        for inner in tree.items:
            yield from written_texts(inner, key)
    elif key not in NAMES and not tree.is_null:
        yield tree.line, tree.text


@pytest.mark.parametrize(("book", "version", "file"), VERSIONS)
def test_every_number_and_every_table_cell_of_a_pack_appears(book: PolicyBook, version: Version, file: Path) -> None:
    shown = numbers(page(version_document(book, version)))
    lost = [f"{file.name}:{line}: {text}" for line, text in written_texts(version.tree) if numbers(text) - shown]
    assert lost == []


@pytest.mark.parametrize(("book", "version", "file"), VERSIONS)
def test_every_number_names_its_article_and_where_it_is_written(book: PolicyBook, version: Version, file: Path) -> None:
    text = file.read_text("utf-8")
    for entry in document_of(version.pack).entries().values():
        if entry.number is not None:
            assert entry.place.citation, entry.address
        if entry.editable and entry.raw != "null":
            first, end = entry.place.span
            assert text[first:end].strip("\"'").replace(".00", "") == entry.raw, entry.address


@pytest.mark.parametrize(("book", "version", "file"), VERSIONS)
def test_any_number_may_be_amended_and_cites_what_changed_it(book: PolicyBook, version: Version, file: Path) -> None:
    """All numbers of the document at once, each rewritten as it is: the same rules from another day, with other articles."""
    text = file.read_text("utf-8")
    entries = document_of(version.pack).entries()
    paths = {node.span: path for path, node in written(version.tree).items()}
    editable = {address: entry for address, entry in entries.items() if entry.place.span in paths}
    start = date(2031, 1, 1)
    by_path = {paths[entry.place.span]: entry.raw for entry in editable.values()}
    changes = [Amendment(path, raw, "《某通知》第二条") for path, raw in by_path.items() if raw != "null"]
    new = amended(text, "new.yaml", changes, start=start)
    tree = parse_yaml(new, "new.yaml")
    assert isinstance(tree, Map)
    renewed = PolicyBook([tree])
    assert [finding.text() for finding in check_book(renewed) if finding.severity == "error"] == []
    (again,) = renewed.packs[version.pack.id]
    assert (again.pack.start, again.pack.until) == (start, None)
    after = document_of(again.pack).entries()
    assert list(after) == [address for address in entries if address not in ("version/published", "version/note")]
    for address, entry in editable.items():
        assert after[address].words == entry.words
        if entry.raw != "null":
            assert after[address].place.citation == "《某通知》第二条", address
    twice = amended(new, "new.yaml", changes, start=start + timedelta(days=1))
    assert ("《某通知》" in twice) == bool(changes)
    assert not re.search(r"\{value: \{", twice)  # an article of its own is replaced, not wrapped


def test_the_document_reads_like_the_source() -> None:
    """Figures of the plan of a Gansu city, five (3): deductibles by place and level, ratios by level."""
    book = BOOKS[PACKS]
    entries = version_document(book, book.packs["gansu-city"][0]).entries()
    entry = entries["tables/住院起付标准/异地/三级"]
    assert (entry.label, entry.words, entry.place.citation) == (
        "住院起付标准（异地、三级）",
        "800 元",
        "试点实施方案 五(三)1",
    )
    entry = entries["benefits/住院/pool/bands/last/ratio/二级"]
    assert (entry.full_label, entry.words) == ("住院 · 统筹基金 · 支付比例（二级）", "60%")
    assert entries["benefits/住院/pool/adjust/异地就医"].words == "降低 10 个百分点"
    assert "两线" not in entries["benefits/住院/pool/caps/最高支付限额/amount"].words
    assert "INC-GS-01" in entries["benefits/住院/pool/caps/最高支付限额/amount"].detail
    lost = entries["financing/on_behalf/大中专特困学生"]
    assert (lost.unknown, lost.note) == (True, "文件只说“适当补助”，没有金额")
    assert "missing/financing/on_behalf/大中专特困学生" in entries
    other = [entry.words for address, entry in entries.items() if address.startswith("ambiguities/AMB-GS-03/B/")]
    assert other == [
        "住院 · 统筹基金 · 起付标准 由 见下表《住院起付标准》（每次） 调整为 见下表《住院起付标准》（每年度，已负担的从中减去："
        "本年度住院已负担起付标准（year.deductible:390100）），依据：试点实施方案 五(三)1"
    ]


def test_scalars_know_their_place() -> None:
    text = '# 注释，汉字\na: {中: 100, 乙: "350"}\nb: 65%  # 说明\n'
    tree = parse_yaml(text, "x")
    found = list(_scalars(tree))
    assert [text[node.span[0] : node.span[1]] for node in found] == ["100", '"350"', "65%"]


def _scalars(tree: Tree) -> Iterator[Scalar]:
    if isinstance(tree, Scalar):
        yield tree
    for inner in tree.entries.values() if isinstance(tree, Map) else ():
        yield from _scalars(inner)
