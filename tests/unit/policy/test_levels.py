"""Values of facts: told apart by one pack and not by another (社区, 未定级), and tables by the codes of an open list."""

from __future__ import annotations

import pytest

from tests.unit.policy.fragment import Person, plan_of
from tests.unit.policy.test_language_findings import messages
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


def test_a_table_by_the_codes_of_diseases() -> None:
    """透析 60,000, 肿瘤 80,000, any other 2,000; with the place as outer heading, too."""
    facts = "facts: {visit.disease: {values: [透析, 肿瘤], same_as: {M07803: 透析}}}\n"
    plan = plan_of(
        "bands: [{ratio: 50%}]\ncaps: [{amount: {by: visit.disease, 透析: 600, 肿瘤: 800, else: 20}}]", facts
    )
    limits = {code: Person(plan).visit(10_000, visit__disease=code) for code in ("透析", "M07803", "肿瘤", "M01", "")}
    assert limits == {"透析": 60_000, "M07803": 60_000, "肿瘤": 80_000, "M01": 2_000, "": 2_000}
    ratio = "{by: [visit.where, visit.disease], 本市: {透析: 90%, else: 50%}, else: {else: 10%}}"
    plan = plan_of(f"bands: [{{ratio: {ratio}}}]", facts)
    paid = [Person(plan).visit(100, visit__where=where, visit__disease=code) // 100
            for where in ("本市", "异地") for code in ("透析", "肿瘤", "M01")]  # fmt: skip
    assert paid == [90, 50, 50, 10, 10, 10]


def test_a_table_by_codes_says_what_holds_for_all_others() -> None:
    facts = "facts: {visit.disease: {values: [透析]}}\n"
    assert "表格缺少“else”一格" in messages("bands: [{ratio: {by: visit.disease, 透析: 50%}}]", facts)
    assert "表格的“肿瘤”没有对应的取值" in messages(
        "bands: [{ratio: {by: visit.disease, 透析: 50%, 肿瘤: 1%, else: 2%}}]", facts
    )
