"""Planted mistakes: the checker names each with file, line, article and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tongchou.policy import Finding, PolicyBook, PolicyErrors, default_pack_directory
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_packs

GANSU = default_pack_directory() / "gansu-city/gs-city.yaml"


def findings_after(tmp_path: Path, old: str, new: str, source: Path = GANSU) -> tuple[list[Finding], int]:
    """The errors of a pack in which one text was replaced, and the line at which it was."""
    text = source.read_text("utf-8")
    assert text.count(old) >= 1, old
    line = text[: text.index(old)].count("\n") + 1
    (tmp_path / source.name).write_text(text.replace(old, new, 1), "utf-8")
    try:
        book = PolicyBook(read_packs(tmp_path))
    except PolicyErrors as errors:
        return list(errors.findings), line
    return [finding for finding in check_book(book) if finding.severity == "error"], line


PLANTED = {
    "unknown name": ("person.type in (中小学生, 大学生)", "person.kind in (中小学生, 大学生)", "不认识的名称“person.kind”"),
    "unknown value": ("visit.where == 异地", "visit.where == 外地", "没有取值“外地”"),
    "missing table cell": ("{一级: 300, 二级: 500, 三级: 800}", "{一级: 300, 二级: 500}", "表格缺少“异地/三级”一格"),
    "cell written twice": ("本市: {一级: 100, 二级", "本市: {一级、二级: 100, 二级", "表格的“本市/二级”写了两次"),
    "two kinds in one line": ("kinds: {特检特治: 20%}", "kinds: {特检特治、国谈药: 20%}", "“特检特治、国谈药”不是一个类别"),
    "alias of no value": ("same_as: {社区: 一级}", "same_as: {社区: 四级}", "取值里没有它"),
    "cell of no value": ("本市: {一级: 100,", "本市: {特级: 1, 一级: 100,", "“本市/特级”没有对应的取值"),
    "ratio above 100 %": ("一级: 65%, 二级", "一级: 95%, 二级", "调整后超过100%"),
    "percent where points belong": ("{add: 10pp,", "{add: 10%,", "加到比例上的是百分点"),
    "points where percent belongs": ("{times: 110%,", "{times: 110pp,", "times后面应为百分比"),
    "ratio without unit": ("bands: [{ratio: 40%}]", "bands: [{ratio: 40}]", "比例没有单位"),
    "units mixed": ("value: persons * 20元", "value: persons * 20元 + persons", "单位混用"),
    "money times ratio without rounding": ('"share(levied, 5%)"', '"levied * 5%"', "金额乘比例"),
    "null without note": ("bands: [{ratio: 50%}]", "bands: [{ratio: null}]", "未知的数字(null)没有说明"),
    "shares that do not sum": ("total: 160, person: 60, central: 40, province: 30, city: 15", "total: 160, person: 60, central: 40, province: 30, city: 14", "159.00元不等于总额160.00元"),
    "gap that nobody acknowledged": ("            acknowledged: INC-GS-01\n", "", "在费用达到“最高封顶线”之前已用完"),
    "undeclared accumulator": ('counts: "year.large_paid:330100"', 'counts: "year.big_paid:330100"', "没有声明累计项"),
    "period and counter differ": ('per: year, amount: 10000, counts', 'per: month, amount: 10000, counts', "限额按month计"),
    "misspelt key": ("        pays_from: \"330100\"", "        pay_from: \"330100\"", "不认识的键“pay_from”"),
    "undeclared fund": ("        pays_from: \"330100\"", "        pays_from: \"330101\"", "基金“330101”没有声明"),
    "condition that never holds": ("when: visit.mass_event,", "when: visit.mass_event and not visit.mass_event,", "永远不成立"),
    "undeclared ambiguity": ("by_reading: AMB-GS-03, A: visit", "by_reading: AMB-GS-99, A: visit", "歧义“AMB-GS-99”没有声明"),
    "mistake in a reading not adopted": ("B: min(5, person.continuous_years) * 1pp", "B: min(5, person.years) * 1pp", "不认识的名称“person.years”"),
    "key twice": ("    cite: 五(四)\n    requires", "    cite: 五(四)\n    cite: 五(五)\n    requires", "键“cite”重复"),
    "no expression": ("when: 外地就医, label", "when: 外地就医 and, label", "无法理解"),
    "not YAML": ("benefits:\n", "benefits: [\n", "YAML"),
    "component unknown": ("base: [over_cap]", "base: [over_the_cap]", "不认识的费用成分“over_the_cap”"),
    "layer twice": ("      - id: large", "      - id: pool", "层“pool”重复"),
    "finer than a fen": ("amount: 28000, counts", "amount: 28000.001, counts", "不能细于一分"),
    "no version date": ("version: {from: 2007-10-01}", "version: {}", "缺少版本的生效日期"),
    "class that is none": ("AMB-GS-10, A: 一般居民", "AMB-GS-10, A: 普通居民", "没有缴费类别“普通居民”"),
    "name that is code": ("- {name: large_amount_fund,", '- {name: "x = 1; import os",', "名称“x = 1; import os”不合写法"),
    "counter that is no name": ("year.admissions:390: {", "year admissions: {", "名称“year admissions”不合写法"),
    "no source": ("source:\n  title: 城镇居民基本医疗保险试点实施方案", "source:\n  name: 城镇居民基本医疗保险试点实施方案", "缺少“title”"),
}  # fmt: skip


@pytest.mark.requirement("R0.49")
@pytest.mark.parametrize("name", PLANTED)
def test_planted_mistake_is_found(tmp_path: Path, name: str) -> None:
    old, new, message = PLANTED[name]
    found, line = findings_after(tmp_path, old, new)
    hits = [finding for finding in found if message in finding.message]
    assert hits, [finding.text() for finding in found]
    assert all(finding.file == "gs-city.yaml" and finding.remedy for finding in hits)
    assert any(abs(finding.line - line) <= 8 for finding in hits), (line, [f.line for f in hits])


def test_a_number_without_any_citation_above_it(tmp_path: Path) -> None:
    found, _ = findings_after(tmp_path, "  - name: 儿童意外门诊\n    cite: 五(四)\n", "  - name: 儿童意外门诊\n")
    assert found == []  # its layer still cites the article
    text = (tmp_path / "gs-city.yaml").read_text("utf-8")
    bare = text.replace("        base: [in_scope]\n        cite: 五(四)\n", "        base: [in_scope]\n")
    (tmp_path / "gs-city.yaml").write_text(bare, "utf-8")
    (found,) = [f for f in check_book(PolicyBook(read_packs(tmp_path))) if f.severity == "error"]
    assert "“40%”没有注明条款" in found.message


TEN = {
    # what is wrong: (right text, wrong text, where the finding points in the wrong text, article, words of the finding)
    "unknown name": ("A: min(5, positive(person.continuous_years - 1)) * 1pp", "A: min(5, positive(person.insured_years - 1)) * 1pp", "A: min(5, positive(person.insured_years", "五(七)", "不认识的名称“person.insured_years”"),
    "missing table cell": ("异地: {一级: 300, 二级: 500, 三级: 800}", "异地: {一级: 300, 二级: 500}", "    unit: 元\n    cite: 五(三)1", "五(三)1", "表格缺少“异地/三级”一格"),
    "unreachable condition": ("{when: visit.mass_event, because", "{when: visit.mass_event and not visit.mass_event, because", "{when: visit.mass_event and not", "五(十二)", "永远不成立"),
    "overlapping conditions": ("visit.exclusion in (美容, 矫形)", "visit.exclusion in (酗酒, 戒毒)", "visit.exclusion in (酗酒, 戒毒)\"", "五(十一)5", "永远轮不到：前面的规则已包括它"),
    "ratio above 100 %": ("{by: visit.level, 一级: 65%,", "{by: visit.level, 一级: 95%,", "{by: visit.level, 一级: 95%,", "五(三)3", "调整后超过100%"),
    "cap and next layer do not meet": ("            acknowledged: INC-GS-01\n", "", "          - on: payment\n            per: year\n            amount: 15000", "五(三)2", "在费用达到“最高封顶线”之前已用完"),
    "financing shares": ("city: 15, county: 15, cite: 三(一)1}", "city: 15, county: 14, cite: 三(一)1}", "county: 14", "三(一)1", "各方之和159.00元不等于总额160.00元"),
    "number without citation": ("        base: [in_scope]\n        cite: 五(四)\n", "        base: [in_scope]\n", "bands: [{ratio: 40%}]\n        caps:\n          - {on: payment, amount: 1000", "", "“40%”没有注明条款"),
    "null that a rule needs": ("bands: [{ratio: 50%}]", "bands: [{ratio: null}]", "bands: [{ratio: null}]", "五(五)", "未知的数字(null)没有说明"),
    "units mixed": ("value: persons * 20元", "value: persons * 20元 + persons", "value: persons * 20元 + persons", "五(一)", "单位混用"),
    "gap between versions": ("version: {from: 2007-10-01}", "version: {from: 2007-10-01, until: 2025-12-30}", "version: {from: 2026-01-01}", "", "2025-12-31至2025-12-31没有版本生效"),
}  # fmt: skip
LATER = "later.yaml"


def planted(folder: Path, names: Iterable[str]) -> dict[str, int]:
    """A fresh copy of a real pack with some mistakes, and a sound later version. The line at which each must be named."""
    sound = GANSU.read_text("utf-8")
    bare = "  - name: 儿童意外门诊\n    cite: 五(四)\n"
    later = sound.replace("version: {from: 2007-10-01}", "version: {from: 2026-01-01}")
    text = sound
    for name in names:
        old, new, *_ = TEN[name]
        assert text.count(old) >= 1, name
        text = text.replace(old, new, 1)
        if name == "number without citation":
            text = text.replace(bare, "  - name: 儿童意外门诊\n").replace(
                "title: 每人每次最高支付限额, cite: 五(四)}", "title: 每人每次最高支付限额}"
            )
            text = text.replace("because: 限中小学生和少年儿童, cite: 五(四)}", "because: 限中小学生和少年儿童}")
    folder.mkdir()
    (folder / "gs-city.yaml").write_text(text, "utf-8")
    (folder / LATER).write_text(later, "utf-8")
    lines = {}
    for name in names:
        where = later if name == "gap between versions" else text
        assert where.count(TEN[name][2]) >= 1, name
        lines[name] = where[: where.index(TEN[name][2])].count("\n") + 1
    return lines


def errors_of(folder: Path) -> list[Finding]:
    """What one run of the check finds."""
    return [finding for finding in check_book(PolicyBook(read_packs(folder))) if finding.severity == "error"]


def named(found: list[Finding], lines: dict[str, int]) -> dict[str, bool]:
    """For each mistake: is it named with its file, its line, its article and what to do?"""
    result = {}
    for name, line in lines.items():
        *_, article, message = TEN[name]
        file = LATER if name == "gap between versions" else "gs-city.yaml"
        hits = [finding for finding in found if message in finding.message]
        result[name] = any(
            (hit.file, hit.line, hit.article) == (file, line, article) and bool(hit.remedy) for hit in hits
        )
    return result


def test_the_pack_without_the_mistakes_is_sound(tmp_path: Path) -> None:
    planted(tmp_path / "packs", ())
    assert {finding.severity for finding in check_book(PolicyBook(read_packs(tmp_path / "packs")))} == {"acknowledged"}


@pytest.mark.requirement("R0.49")
@pytest.mark.parametrize("name", TEN)
def test_each_mistake_by_itself_is_the_only_one_named(tmp_path: Path, name: str) -> None:
    lines = planted(tmp_path / "packs", [name])
    found = errors_of(tmp_path / "packs")
    assert named(found, lines) == {name: True}
    planted_too = {TEN[name][4], "没有注明条款"}  # without its citation a layer has several bare numbers
    assert [one.text() for one in found if not any(words in one.message for words in planted_too)] == []


@pytest.mark.requirement("R0.49")
def test_all_mistakes_at_once_are_all_named(tmp_path: Path) -> None:
    """Neither reading nor compiling stops at the first: one run names every one of them."""
    assert len(TEN) >= 10
    lines = planted(tmp_path / "packs", TEN)
    assert named(errors_of(tmp_path / "packs"), lines) == dict.fromkeys(TEN, True)


def test_two_rules_that_set_different_values_must_not_hold_together(tmp_path: Path) -> None:
    pair = (
        "adjust: [{set: 100, when: visit.emergency, label: 急诊}, {set: 50, when: visit.chinese_medicine, label: 中医}]"
    )
    text = GANSU.read_text("utf-8").replace(
        "          amount: 住院起付标准\n", f"          amount: 住院起付标准\n          {pair}\n", 1
    )
    (tmp_path / "gs-city.yaml").write_text(text, "utf-8")
    (found,) = [f for f in check_book(PolicyBook(read_packs(tmp_path))) if f.severity == "error"]
    assert "起付标准“急诊”和“中医”的条件会同时成立(" in found.message
    assert found.article == "五(三)1"
    apart = text.replace("when: visit.chinese_medicine", "when: visit.chinese_medicine and not visit.emergency")
    (tmp_path / "gs-city.yaml").write_text(apart, "utf-8")
    assert [f for f in check_book(PolicyBook(read_packs(tmp_path))) if f.severity == "error"] == []


def test_overlapping_ranges_of_a_table(tmp_path: Path) -> None:
    wrong = "ratio: {by: person.continuous_years, 0..3: 40%, 3..: 50%, cite: 五(四)}"
    text = GANSU.read_text("utf-8").replace(
        "bands: [{ratio: 40%}]\n        caps:\n          - {on: payment, amount: 1000",
        f"bands: [{{{wrong}}}]\n        caps:\n          - {{on: payment, amount: 1000",
        1,
    )
    assert wrong in text
    (tmp_path / "gs-city.yaml").write_text(text, "utf-8")
    (found,) = [f for f in check_book(PolicyBook(read_packs(tmp_path))) if f.severity == "error"]
    assert "重叠" in found.message
    assert found.article == "五(四)"


# -- versions and bindings ------------------------------------------------------------------------------------------------

OLD = default_pack_directory() / "wuhan/outpatient-2023-02.yaml"
NEW = default_pack_directory() / "wuhan/outpatient-2023-04.yaml"


@pytest.mark.requirement("R0.50")
@pytest.mark.parametrize(
    ("until", "severity", "message"),
    [
        ("2023-04-10", "error", "重叠"),
        ("2023-04-09", "none", ""),
        ("2023-04-08", "error", "2023-04-09至2023-04-09没有版本生效"),
    ],
)
def test_versions_meet_exactly(tmp_path: Path, until: str, severity: str, message: str) -> None:
    (tmp_path / "old.yaml").write_text(OLD.read_text("utf-8").replace("until: 2023-04-09", f"until: {until}"), "utf-8")
    (tmp_path / "new.yaml").write_text(NEW.read_text("utf-8"), "utf-8")
    found = check_book(PolicyBook(read_packs(tmp_path)))
    assert [finding.severity for finding in found] == ([] if severity == "none" else [severity])
    assert all(message in finding.message for finding in found)


def test_two_versions_from_the_same_day(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(NEW.read_text("utf-8"), "utf-8")
    (found,) = check_book(PolicyBook(read_packs(tmp_path)))
    assert "从同一天" in found.message


def test_a_binding_to_a_pack_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(NEW.read_text("utf-8"), "utf-8")
    (tmp_path / "city.yaml").write_text(
        'binding:\n  area: {code: "1", name: A}\n  schemes:\n    - {scheme: "310", name: B, packs: [wuhan-outpatients]}\n',
        "utf-8",
    )
    (found,) = check_book(PolicyBook(read_packs(tmp_path)))
    assert "没有政策包“wuhan-outpatients”" in found.message
    assert "wuhan-outpatient" in found.remedy
    assert (found.file, found.line) == ("city.yaml", 4)


def test_the_shipped_packs_have_no_error_and_their_oddities_are_acknowledged() -> None:
    """The gap between two limits, and what documents say of their own numbers; tests/golden/test_seed_coverage.py has the list."""
    found = check_book(PolicyBook(read_packs(default_pack_directory())))
    assert {finding.severity for finding in found} == {"acknowledged"}
    assert "五(三)2" in {finding.article for finding in found}


def test_loading_raises_every_finding(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(NEW.read_text("utf-8").replace("85%", "85"), "utf-8")
    with pytest.raises(PolicyErrors) as errors:
        PolicyBook.load(tmp_path)
    assert "比例没有单位" in str(errors.value)


def test_aliases_cannot_exhaust_the_machine(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
    (tmp_path / "bomb.yaml").write_text(bomb, "utf-8")
    with pytest.raises(PolicyErrors, match="内容过多"):
        PolicyBook.load(tmp_path)


def test_an_empty_directory_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(PolicyErrors, match="没有找到YAML文件"):
        PolicyBook.load(tmp_path)


def test_a_version_may_take_the_place_of_one_that_names_a_later_last_day(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(
        OLD.read_text("utf-8").replace("until: 2023-04-09", "until: 2023-12-31"), "utf-8"
    )
    new = NEW.read_text("utf-8")
    (tmp_path / "new.yaml").write_text(new, "utf-8")
    (found,) = check_book(PolicyBook(read_packs(tmp_path)))
    assert (found.severity, "replaces" in found.remedy) == ("error", True)
    said = new.replace("  from: 2023-04-10", "  from: 2023-04-10\n  replaces: 新办法提前施行")
    (tmp_path / "new.yaml").write_text(said, "utf-8")
    assert [found.severity for found in check_book(PolicyBook(read_packs(tmp_path)))] == ["acknowledged"]
    (tmp_path / "new.yaml").write_text(said.replace("新办法提前施行", "null"), "utf-8")
    assert [found.severity for found in check_book(PolicyBook(read_packs(tmp_path)))] == ["error"]


def test_a_counter_that_nothing_feeds(tmp_path: Path) -> None:
    """The deductible falls with the second admission, and nobody counts the admissions."""
    source = default_pack_directory() / "qingdao/employee-inpatient.yaml"
    found, _ = findings_after(
        tmp_path, '        feeds:\n          - {to: "year.admissions:310", what: one}\n', "", source
    )
    assert found
    assert all("累计项“本年度住院次数”(year.admissions:310)没有任何一层累计" in finding.message for finding in found)
    text = (tmp_path / source.name).read_text("utf-8").splitlines()
    assert all("year.admissions:310" in text[finding.line - 1] for finding in found)
    assert {finding.article for finding in found} == {"起付标准(第二次减半、第三次起取消)"}
    assert "what: one" in found[0].remedy
