"""Slips of the pen in real packs: each is named once, at its own line, with its remedy; nothing that follows from it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.policy.test_checker import findings_after
from tongchou.policy import default_pack_directory

PACKS = {
    "gansu": "gansu-city/gs-city.yaml",
    "changsha": "changsha/cs-cii.yaml",
    "changling": "changling/resident.yaml",
    "bazhou": "bazhou/employee.yaml",
    "qingdao": "qingdao/employee-inpatient.yaml",
    "beibei": "beibei/pension.yaml",
    "region": "region-county/financing.yaml",
    "town": "town-2014/incentives.yaml",
    "account": "national/personal-account.yaml",
}
STUDENT = "person.type in (中小学生, 大学生)"
SLIPS = {
    # what is wrong: (pack, right text, wrong text, words of the finding)
    "a name in a condition": ("gansu", STUDENT, "person.kind in (中小学生, 大学生)", "不认识的名称“person.kind”"),
    "a value in a condition": ("gansu", STUDENT, "person.type in (中小学生, 大专生)", "没有取值“大专生”"),
    "full-width brackets": ("gansu", STUDENT, "person.type in （中小学生, 大学生）", "（括号应为半角）"),
    "one sign of equality": ("gansu", "visit.where == 异地", "visit.where = 异地", "（相等写==）"),
    "a condition never met": ("gansu", STUDENT, "person.type == 中小学生 and person.type == 大学生", "条件“学生”永远不成立"),
    "a set compared": ("changsha", "低保 in person.identities", "person.identities == 低保", "集合不用==、!=比较"),
    "a condition compared": ("qingdao", "when: visit.chinese_medicine,", "when: visit.chinese_medicine == visit.emergency,", "条件不用==比较"),
    "a value for a condition": ("qingdao", "when: visit.chinese_medicine,", "when: visit.level,", "写的是枚举的取值"),
    "a layer that waits for nothing": ("gansu", "rest_to: over_cap, title: 最高封顶线", "rest_to: uncovered, title: 最高封顶线", "“大额医疗保险补助”计over_cap，但前面没有一层把费用移到那里"),
    "a benefit twice": ("gansu", "  - name: 儿童意外门诊\n", "  - name: 住院\n", "待遇“住院”写了两次"),
    "a negative limit": ("gansu", "{on: payment, amount: 1000, rest_to", "{on: payment, amount: -1000, rest_to", "金额“-1000”是负数"),
    "a negative ratio": ("gansu", "bands: [{ratio: 50%}]", "bands: [{ratio: -50%}]", "比例“-50%”是负数"),
    "a negative cell of a table": ("changling", "社区: 200, else: 400", "社区: -200, else: 400", "金额“-200”是负数"),
    "a negative share": ("gansu", "province: 50, city: 10, county: 10", "province: 70, city: 10, county: -10", "“低保居民”的county是负数"),
    "points for a ratio": ("gansu", "bands: [{ratio: 50%}]", "bands: [{ratio: 50pp}]", "“50pp”是百分点，这里应为比例"),
    "points for a factor": ("qingdao", "factors: [100%, 50%, 0%]", "factors: [100%, 50pp, 0%]", "“50pp”是百分点，这里应为比例"),
    "the same adjustment twice": ("gansu", "A: {add: -10pp, when: 外地就医,", "A: {add: 10pp, when: 学生,", "是同一条调整"),
    "a component twice": ("changsha", "copay, deductible, prior_self_pay]", "copay, deductible, copay]", "把“copay”写了2次"),
    "money for a number of visits": ("qingdao", 'nth: {counts: "year.admissions:310"', 'nth: {counts: "year.inpatient_cost:310"', "的单位是元，这里计的是次"),
    "a share left out": ("region", "region: 20, local: 30, cite", "region: 20, cite", "缺少“local”"),
    "an article left blank": ("beibei", "  村级工作经费:\n    cite: 四(四)\n", '  村级工作经费:\n    cite: ""\n', "cite是空的"),
    "two steps of one name": ("bazhou", "{name: to_pay, title: 应缴合计", "{name: fee, title: 应缴合计", "有两步都叫“fee”"),
    "an end before the beginning": ("town", "until: 2014-12-31", "until: 2014-01-31", "版本到2014-01-31为止，早于生效的2014-05-01"),
    "a day that is none": ("changsha", "from: 2016-01-01", "from: 2016-02-30", "“from: 2016-02-30”不是日期"),
    "another language": ("changsha", "language: 1", "language: 2", "政策语言没有第2版"),
    "an ambiguity that is none": ("changsha", "{by_reading: AMB-CS-02, A: claims", "{by_reading: AMB-CS-99, A: claims", "歧义“AMB-CS-99”没有声明"),
    "a reading that is none": ("changsha", "total, B: claims - total}", "total, C: claims - total}", "AMB-CS-02没有理解“C”"),
    "an adopted reading that is none": ("changsha", "    adopted: A\n    why: 只有起付线", "    adopted: C\n    why: 只有起付线", "采用的理解“C”不在readings中"),
    "a table without its head": ("qingdao", "{by: visit.level, 一级: 200, 二级: 500", "{一级: 200, 二级: 500", "表格没有写表头by(格子：一级、二级、三级)"),
    "a benefit that is none": ("account", "benefits: [住院, 普通门诊]", "benefits: [住院, 普通门症]", "没有待遇“普通门症”"),
    "an exclusion of a benefit that is none": ("gansu", "  cite: 五(十一)\n  rules:", "  cite: 五(十一)\n  benefits: [住苑]\n  rules:", "没有待遇“住苑”"),
}  # fmt: skip


@pytest.mark.requirement("R0.49")
@pytest.mark.parametrize("name", SLIPS)
def test_each_slip_is_named_once_where_it_stands(tmp_path: Path, name: str) -> None:
    pack, old, new, words = SLIPS[name]
    found, line = findings_after(tmp_path, old, new, default_pack_directory() / PACKS[pack])
    (only,) = found
    assert words in only.message
    assert only.file == Path(PACKS[pack]).name
    assert abs(only.line - line) <= 12
    assert only.remedy


def test_a_note_on_something_else_does_not_excuse_a_gap_between_versions(tmp_path: Path) -> None:
    old = default_pack_directory() / "wuhan/outpatient-2023-02.yaml"
    new = default_pack_directory() / "wuhan/outpatient-2023-04.yaml"
    assert "note: 起付标准取消" in new.read_text("utf-8")
    (tmp_path / new.name).write_text(new.read_text("utf-8"), "utf-8")
    (gap,), _ = findings_after(tmp_path, "until: 2023-04-09", "until: 2023-04-08", old)
    assert gap.message == "2023-04-09至2023-04-09没有版本生效"
    assert "gap: 说明" in gap.remedy


def test_a_colon_of_full_width_is_named_as_one(tmp_path: Path) -> None:
    found, _ = findings_after(tmp_path, "bands: [{ratio: 50%}]", "bands: [{ratio：50%}]")
    assert any("键后面的冒号应为半角的“:”" in finding.remedy for finding in found)
