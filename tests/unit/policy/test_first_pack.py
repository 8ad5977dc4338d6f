"""What somebody who writes a first pack from the documents alone runs into: each is said once, clearly, with what to do."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.unit.policy.fragment import DAY, FRAME, LAYER
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, PolicyBook
from tongchou.policy.caseread import read_case_file
from tongchou.policy.cases import run_case
from tongchou.policy.checker import check_book
from tongchou.policy.nodes import Map, parse_yaml

HALF = "bands: [{ratio: 50%}]"


def book_with(rest: str = HALF, extra: str = "") -> PolicyBook:
    """A pack of one layer, not checked: ``rest`` continues the layer, ``extra`` are sections."""
    layers = LAYER + indent(rest.strip("\n"), "  ") + "\n"
    tree = parse_yaml(FRAME.format(extra=extra, layers=indent(layers, "      ")), "first.yaml")
    assert isinstance(tree, Map)
    return PolicyBook([tree])


def errors(rest: str = HALF, extra: str = "") -> list[str]:
    """The errors of such a pack."""
    return [finding.text() for finding in check_book(book_with(rest, extra)) if finding.severity == "error"]


AWAY = "bands: [{ratio: {by: visit.referral, 转诊: 60%, 未转诊: 40%}}]"


def test_what_a_fact_is_when_it_is_not_given_takes_the_word_that_the_pack_has_for_it() -> None:
    facts = "facts: {visit.referral: {values: [转诊, 未转诊], same_as: {无: 未转诊}}}"
    assert errors(AWAY, facts) == []
    plan = book_with(AWAY, facts).plan_of(["fragment"], benefit="住院", on=DAY)
    paid = [plan.evaluate(given, Bill(in_scope=100), {}).fund_pay for given in ({}, {"visit.referral": "转诊"})]
    assert paid == [40, 60]


def test_a_narrowed_fact_says_what_it_is_when_it_is_not_given() -> None:
    (found,) = errors(AWAY, "facts: {visit.referral: {values: [转诊, 未转诊]}}")
    assert "visit.referral不提供时是“无”，收窄后不在取值内。请把“无”列入values或same_as" in found


def test_a_missing_fact_is_missing_and_not_a_wrong_value() -> None:
    plan = book_with(AWAY, "facts: {visit.referral: {values: [转诊, 未转诊]}}").plan_of(
        ["fragment"], benefit="住院", on=DAY
    )
    for given in ({}, {"visit.referral": None}):
        with pytest.raises(Rejection) as refused:
            plan.evaluate(given, Bill(in_scope=100), {})
        assert refused.value.code == "POL-010"


def test_an_undeclared_ambiguity_hides_no_other_mistake() -> None:
    found = errors("bands: [{ratio: {by_reading: AMB-1, A: 50%, B: 60%}}]\ncaps: [{amount: 1, typo: 2}]")
    assert any("歧义“AMB-1”没有声明" in text for text in found)
    assert any("不认识的键“typo”" in text for text in found)


def failures(case: str, rest: str = HALF, extra: str = "") -> str:
    """What is wrong with a case of such a pack; ``case`` continues it."""
    text = f"cases:\n  - id: ONE\n    title: 一例\n    on: {DAY}\n    benefit: 住院\n{indent(case.strip(chr(10)), '    ')}\n"
    tree = parse_yaml(text, "case.yaml")
    assert isinstance(tree, Map)
    (read,) = read_case_file(tree)
    return "\n".join(run_case(book_with(rest, extra), read).failures)


REFUSES = "exclusions: {cite: 一, rules: [{when: visit.exclusion == 吸毒, because: 吸毒}]}"


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ("{reverse: 1}", "第2步要撤销第1次，但第1次被拒绝（POL-020 "),
        ("{reverse: 5}", "第2步要撤销第5次，但没有第5次"),
        ("{reverse: 2}", "第2步不是在它之前的就诊"),
    ],
)
def test_a_visit_that_cannot_be_taken_back(second: str, found: str) -> None:
    first = "{facts: {visit.exclusion: 吸毒}, bill: {in_scope: 1}, expect: {refused: POL-020}}"
    assert found in failures(f"visits: [{first}, {second}]", extra=REFUSES)


def test_a_visit_is_taken_back_once() -> None:
    assert failures("visits: [{bill: {in_scope: 1}}, {reverse: 1}]") == ""
    assert "第1次已经撤销" in failures("visits: [{bill: {in_scope: 1}}, {reverse: 1}, {reverse: 1}]")


AMBIGUOUS = "ambiguities: [{id: AMB-1, text: 比例, readings: {A: 一半, B: 六成}, adopted: A, why: 原文}]"
BY_READING = "bands: [{ratio: {by_reading: AMB-1, A: 50%, B: 60%}}]"


@pytest.mark.parametrize(
    ("readings", "found"),
    [
        ("{AMB-1: B}", ""),
        ("{AMB-X: B}", "不认识的歧义“AMB-X”，这里的政策包有：AMB-1"),
        ("{AMB-1: C}", "歧义AMB-1没有理解“C”，可用：A、B"),
    ],
)
def test_a_case_names_readings_that_there_are(readings: str, found: str) -> None:
    said = failures(f"bill: {{in_scope: 1}}\nreadings: {readings}", BY_READING, AMBIGUOUS)
    assert said == found if not found else found in said


LINES = "lines: {cite: 二, classes: {甲类: 0%, 乙类: 10%}, kinds: {特检特治: 15%, 放宽项目: 5%}}"


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("放宽项目、西药", ""),
        ("特殊检查", "相近：特检特治"),
        ("放款项目", "“放款项目”不是标准类别，也没有政策包写到它（可用："),
    ],
)
def test_a_case_names_kinds_of_items_that_count(kind: str, found: str) -> None:
    said = failures(f"lines: [{{class: 乙类, amount: 1, kind: {kind}}}]", extra=LINES)
    assert said == found if not found else found in said


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ("bill: {in_scope: 1}\nbenefit: 住院部", "政策包里没有这项待遇，有：住院"),
        ("bill: {in_scope: 1}\naccumulators: {year.x: 1}", "没有累计项“year.x”。“住院”的累计项有：year.paid"),
        ("bill: {in_scope: 1}\naccumulators: {year.paid: 一}", "累计项“year.paid: 一”应为金额(元)"),
        ("bill: {in_scope: 1}\npacks: [other]", "没有政策包“other”，现有：fragment"),
    ],
)
def test_a_case_that_names_what_there_is_not_hears_what_there_is(case: str, found: str) -> None:
    cap = HALF + "\ncaps: [{per: year, counts: year.paid, amount: 9}]"
    case = case.replace("benefit: 住院部", "visits: [{benefit: 住院部, bill: {in_scope: 1}}]").replace(
        "bill: {in_scope: 1}\nvisits", "visits"
    )
    assert found in failures(case, cap, "accumulators: {year.paid: {title: 本年支付, unit: 元}}")


def notices(rest: str = HALF, extra: str = "") -> list[str]:
    """What the check points out in such a pack without refusing it (the frame's second fund apart)."""
    found = [finding.text() for finding in check_book(book_with(rest, extra)) if finding.severity == "notice"]
    return [text for text in found if "330100" not in text]


def test_an_ambiguity_that_changes_nothing() -> None:
    (found,) = errors(HALF, AMBIGUOUS)
    assert "歧义AMB-1没有一处用by_reading写出它的各种理解" in found
    assert errors(BY_READING, AMBIGUOUS) == []
    assert errors(HALF, AMBIGUOUS.replace(", B: 六成", "")) == []


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ("accumulators: {year.spare: {title: 备用, unit: 元}}", "累计项“year.spare”没有一处用到"),
        ("define: {学生: person.type == 中小学生}", "条件“学生”没有一处用到"),
        ("tables: {比例: {unit: 率, value: 5%, cite: 二}}", "表格“比例”没有一处用到"),
    ],
)
def test_what_nothing_uses_is_pointed_out(section: str, found: str) -> None:
    assert errors(HALF, section) == []
    (said,) = notices(HALF, section)
    assert "(提示)" in said
    assert found in said


def test_what_is_used_or_explained_is_not_pointed_out() -> None:
    used = "define: {学生: person.type == 中小学生, 少年: 学生 or person.type == 少年儿童}\ntables: {比例: {unit: 率, value: 5%, cite: 二}}"
    assert notices("bands: [{ratio: 比例}]\nwhen: 少年", used) == []
    explained = "accumulators: {year.spare: {title: 备用, unit: 元, note: 供下一层用}}"
    assert notices(HALF, explained) == []


def test_a_kind_of_items_that_means_a_standard_one() -> None:
    (found,) = notices(HALF, LINES.replace("特检特治: 15%", "特殊检查: 15%"))
    assert "“特殊检查”不是标准类别（相近：特检特治）" in found
    assert notices(HALF, LINES) == []


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("bands: [{ratio: 50%}]\ncaps: [{amount: 9, counts: year.paid}]", "限额写了counts: year.paid，但没有写per"),
        ("bands: [{ratio: 50%}]\ndeductible: {amount: 9, per: year}", "起付标准按year计，但没有写counts"),
        ("bands: [{ratio: {by: visit.level, 一级:50%, else: 60%}}]", "“一级:50%”的冒号后面没有空格。请写成“一级: 50%”"),
        ("bands: [{ratio: 50％}]", "百分号应为半角的%"),
        ('bands: [{to: "10,000", ratio: 50%}, {ratio: 60%}]', "数字里不写千分位的逗号"),
        ("bands: [{to: 10,000, ratio: 50%}, {ratio: 60%}]", "数字里不写千分位的逗号"),
        (
            "bands: [{ratio: 50%}]\nwhen: person.identities in (低保, 特困)",
            "低保 in person.identities or 特困 in person.identities",
        ),
    ],
)
def test_what_a_first_pack_gets_wrong(rest: str, found: str) -> None:
    said = errors(rest, "accumulators: {year.paid: {title: 本年支付, unit: 元}}")
    assert any(found in text for text in said)


def test_a_cell_without_a_space_is_one_mistake() -> None:
    (found,) = errors("bands: [{ratio: {by: visit.where, 本市:50%, 异地: 60%}}]")
    assert "“本市:50%”的冒号后面没有空格" in found


def test_an_amount_in_words_is_one_mistake() -> None:
    (found,) = errors("bands: [{to: 1万, ratio: 50%}, {ratio: 60%}]")
    assert "写成数字，如150000" in found


COUNTED = "accumulators: {year.visits: {title: 本年住院次数, unit: 次}}"


@pytest.mark.parametrize(
    ("nth", "earlier", "shown"),
    [
        ("factors: [100%, 50%, 0%]", 1, "900.00 × 50%(此前1次) = 450.00元"),
        ("factors: [100%, 50%, 0%]", 4, "900.00 × 0%(此前4次) = 0.00元"),
        ("factors: [100%, 50%], then: 100", 1, "900.00 × 50%(此前1次) = 450.00元"),
        ("factors: [100%, 50%], then: 100", 2, "900.00，第3次起100.00(此前2次) = 100.00元"),
        ("factors: [100%, 50%], floor: 600", 1, "900.00 × 50%(此前1次)，不低于600.00 = 600.00元"),
        ("subtract: 200, floor: 100", 2, "900.00 − 2次 × 200.00，不低于100.00 = 500.00元"),
        ("reduce: 10%", 3, "900.00 × (100% − 3次 × 10%)，不低于零 = 630.00元"),
        ("factors: [100%, 50%], when: visit.emergency", 0, "900.00(此前0次) = 900.00元"),
    ],
)
def test_the_deductible_of_the_nth_visit_shows_what_it_is_made_of(nth: str, earlier: int, shown: str) -> None:
    rest = f"{HALF}\ndeductible: {{amount: 900, nth: {{counts: year.visits, {nth}}}}}\nfeeds: [{{to: year.visits, what: one}}]"
    assert shown in explained(rest, COUNTED, {"year.visits": earlier})


def test_what_does_not_reach_the_deductible_shows_both() -> None:
    said = explained(f"{HALF}\ndeductible: {{amount: 14000}}", bill=Bill(in_scope=430000))
    assert "4,300.00 − min(4,300.00, 14,000.00) = 0.00元" in said
    halved = f"{HALF}\ndeductible: {{amount: 14000, adjust: [{{times: 50%, when: visit.emergency}}]}}"
    assert "4,300.00 − min(4,300.00, 7,000.00)" in explained(halved, bill=Bill(in_scope=430000), emergency=True)
    assert "20,000.00 − 14,000.00 = 6,000.00元" in explained(f"{HALF}\ndeductible: {{amount: 14000}}")


def explained(
    rest: str,
    extra: str = "",
    counters: dict[str, int] | None = None,
    bill: Bill = Bill(in_scope=2_000_000),  # noqa: B008 - frozen
    *,
    emergency: bool = False,
) -> str:
    """The explanation of one visit."""
    plan = book_with(rest, extra).plan_of(["fragment"], benefit="住院", on=DAY)
    facts = {"visit.emergency": emergency}
    outcome = plan.trace(facts, bill, counters or {})
    return "\n".join(step.text() for step in plan.explain(outcome.values, facts, bill, counters or {}))
