"""However a pack is broken, the answer is findings, never a crash: every kind of node in every place."""

from __future__ import annotations

import random

import pytest

from tongchou.policy import PolicyBook, PolicyErrors, default_pack_directory
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, Scalar, Seq, Tree

ODD = (
    "",
    "null",
    "???",
    "住院",
    "12",
    "-3",
    "65%",
    "10pp",
    "0.001",
    "2020-13-40",
    "[",
    "f(1)",
    "__import__('os')",
    "none.such",
)


def broken(tree: Tree, rng: random.Random) -> Tree:
    """A copy with one place broken: replaced, removed, doubled, or given another shape."""
    if isinstance(tree, Map) and tree.entries and rng.random() < 0.9:
        key = rng.choice(list(tree.entries))
        if rng.random() < 0.15:
            return Map(tree.file, tree.line, {k: v for k, v in tree.entries.items() if k != key})
        if rng.random() < 0.1:
            renamed = {("xx" if k == key else k): v for k, v in tree.entries.items()}
            return Map(tree.file, tree.line, renamed)
        return Map(tree.file, tree.line, {**tree.entries, key: broken(tree.entries[key], rng)})
    if isinstance(tree, Seq) and tree.items and rng.random() < 0.9:
        index = rng.randrange(len(tree.items))
        inner = (broken(tree.items[index], rng),) if rng.random() < 0.85 else (tree.items[index],) * rng.choice((0, 2))
        return Seq(tree.file, tree.line, (*tree.items[:index], *inner, *tree.items[index + 1 :]))
    odd = Scalar(tree.file, tree.line, rng.choice(ODD), rng.random() < 0.2)
    return rng.choice((odd, odd, Seq(tree.file, tree.line, (odd,)), Map(tree.file, tree.line, {"by": odd, "x": odd})))


@pytest.mark.parametrize("seed", range(25))
def test_a_broken_pack_gives_findings(seed: int) -> None:
    rng = random.Random(seed)
    trees = read_packs(default_pack_directory())
    for _ in range(3):
        index = rng.randrange(len(trees))
        other = broken(trees[index], rng)
        if not isinstance(other, Map):
            continue
        try:
            findings = check_book(PolicyBook([other]))
        except PolicyErrors as errors:
            findings = list(errors.findings)
        assert all(finding.message and finding.remedy for finding in findings)
