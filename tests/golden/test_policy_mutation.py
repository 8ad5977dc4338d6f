"""Change any number of a pack by one unit and some golden case fails: no number stands untested.

A unit is one in the number's last written digit. Every number inside a rule is tried up and down, those in the readings
that are not adopted too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tongchou.policy import PolicyBook, PolicyErrors, default_pack_directory
from tongchou.policy.caseread import Case, read_case_file
from tongchou.policy.cases import run_case
from tongchou.policy.loader import read_cases, read_packs
from tongchou.policy.nodes import Map, Scalar, Seq, Tree

RULES = ("define", "tables", "lines", "benefits", "financing", "formulas")
NOT_RULES = {
    "cite",
    "note",
    "title",
    "label",
    "pays_from",
    "counts",
    "paid",
    "to_counter",
    "by_reading",
    "acknowledged",
    "why",
    "because",
}
NUMBER = re.compile(r"(?<![\w.:])\d+(?:\.\d+)?")


def moved(number: str, by: int) -> str | None:
    """The number one unit up or down in its last digit; ``None`` below zero."""
    value = Decimal(number) + by * Decimal(1).scaleb(-len(number.partition(".")[2]))
    return None if value < 0 else str(value)


def mutants(tree: Tree, path: str = "") -> Iterator[tuple[str, Tree]]:
    """Every copy of a tree in which one number is one unit off."""
    if isinstance(tree, Scalar):
        for match in NUMBER.finditer(tree.text):
            for by in (1, -1):
                other = moved(match.group(), by)
                if other is not None:
                    text = tree.text[: match.start()] + other + tree.text[match.end() :]
                    yield (
                        f"{tree.file}:{tree.line} {path}: {tree.text} → {text}",
                        Scalar(tree.file, tree.line, text, False),
                    )
    elif isinstance(tree, Seq):
        for index, item in enumerate(tree.items):
            for what, other in mutants(item, f"{path}[{index}]"):
                yield what, Seq(tree.file, tree.line, (*tree.items[:index], other, *tree.items[index + 1 :]))
    else:
        for key, value in tree.entries.items():
            if key in NOT_RULES or (key == "to" and isinstance(value, Scalar) and "." in value.text):
                continue
            for what, other in mutants(value, f"{path}/{key}"):
                yield what, Map(tree.file, tree.line, {**tree.entries, key: other})


def rule_mutants(tree: Map) -> Iterator[tuple[str, Map]]:
    """The mutants of the parts of a pack that hold rules."""
    for section in RULES:
        if section in tree.entries:
            for what, other in mutants(tree.entries[section], section):
                yield what, Map(tree.file, tree.line, {**tree.entries, section: other})


def survives(trees: list[Map], cases: list[Case]) -> bool:
    """Whether all cases still pass."""
    try:
        book = PolicyBook(trees)
        if book.findings:
            return False
        return all(run_case(book, case).ok for case in cases)
    except PolicyErrors:
        return False


def survivors(pack: str) -> list[str]:
    """The mutants of a pack that no golden case notices."""
    directory = default_pack_directory()
    trees = read_packs(directory)
    cases = [case for tree in read_cases(directory) for case in read_case_file(tree)]
    bound = {"employee-account", "gansu-city", "changsha-cii"}
    near = [c for c in cases if pack in c.packs or (c.scheme == "390" and pack in bound)]
    used = {name for case in near for name in case.packs} | bound | {pack}
    trees = [tree for tree in trees if tree.get("binding") or getattr(tree.get("pack"), "text", "") in used]
    found = []
    for index, tree in enumerate(trees):
        name = tree.entries.get("pack")
        if isinstance(name, Scalar) and name.text == pack:
            for what, other in rule_mutants(tree):
                if survives([*trees[:index], other, *trees[index + 1 :]], near):
                    found.append(what)
    return found


@pytest.mark.slow
@pytest.mark.requirement("R1.3.07", "R1.3.08", "R1.3.09", "R1.3.11", "R1.3.12", "R1.3.13", "R1.3.14")
@pytest.mark.parametrize(
    "pack",
    ["gansu-city", "changsha-cii", "qingdao-employee", "wuhan-outpatient", "wuhan-prepayment",
     "taian-employee", "lanzhou-outpatient", "yangzhou-outpatient", "ningbo-outpatient",
     "region-county-financing", "bazhou-employee", "yongzhou-merge", "beibei-pension", "jiayuguan-resident",
     "ningbo-rural", "fuzhou-student", "fujian-flexible", "fujian-chronic", "gansu-assistance", "panan-assistance",
     "state-farm-risk", "taishun-fund", "jianou-inspection", "guangyuan-financing", "national-late-fee",
     "fujian-same-city", "fujian-violation", "micro-insurance", "youxi-same-level", "zhangping-pharmacy",
     "nanping-unemployed"],
)  # fmt: skip
def test_every_number_is_held_by_a_case(pack: str) -> None:
    assert survivors(pack) == []
