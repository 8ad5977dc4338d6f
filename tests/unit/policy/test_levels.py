"""Values that one pack tells apart and another takes for a different one (社区, 未定级): joined packs must agree."""

from __future__ import annotations

import pytest

from tongchou.policy import PolicyBook
from tongchou.policy.checker import check_book
from tongchou.policy.nodes import Map, parse_yaml

PACK = """
pack: {name}
title: {name}
source: {{title: {name}}}
version: {{from: 2020-01-01}}
funds: {{"{fund}": 基金}}
facts: {{visit.level: {{{levels}}}}}
benefits:
  - name: 住院
    cite: 一
    layers: [{{id: {name}, title: {name}, pays_from: "{fund}", base: [{base}], cite: 一, bands: [{{ratio: {ratio}}}]}}]
"""
BINDING = """
binding:
  area: {code: "620100", name: 甲市}
  schemes: [{scheme: "310", name: 职工, packs: [first, second]}]
"""
APART = "values: [一级, 二级, 未定级]"
TOGETHER = "values: [一级, 二级], same_as: {未定级: 一级}"


def findings(first: str, second: str) -> list[str]:
    packs = (
        PACK.format(name="first", fund="310100", levels=first, base="in_scope", ratio="50%"),
        PACK.format(
            name="second", fund="330100", levels=second, base="copay", ratio="{by: visit.level, 一级: 1%, else: 2%}"
        ),
    )
    texts = {"first.yaml": packs[0], "second.yaml": packs[1], "city.yaml": BINDING}
    trees = [tree for name, text in texts.items() if isinstance(tree := parse_yaml(text, name), Map)]
    return [finding.text() for finding in check_book(PolicyBook(trees)) if finding.severity == "error"]


@pytest.mark.parametrize(("first", "second", "file"), [(APART, TOGETHER, "second"), (TOGETHER, APART, "first")])
def test_packs_that_do_not_agree_are_found(first: str, second: str, file: str) -> None:
    (found,) = findings(first, second)
    assert found.startswith(f"{file}.yaml:7:")
    assert "“未定级”在这里视为“一级”" in found


@pytest.mark.parametrize("levels", [APART, TOGETHER])
def test_packs_that_agree(levels: str) -> None:
    assert findings(levels, levels) == []
