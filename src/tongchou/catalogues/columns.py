"""The columns of the files that fill the catalogues; also the columns of the templates for download."""

from __future__ import annotations

from typing import Final

from tongchou.kernel.identifiers import parse_institution_code
from tongchou.tables.api import CellProblem, Column, choice, day, flag, last_day, price, ratio, text

LIST_TYPES: Final = {
    "101": "西药中成药",
    "102": "中药饮片",
    "103": "自制剂",
    "104": "民族药",
    "105": "其他",
    "106": "中药配方颗粒",
    "201": "医疗服务项目",
    "301": "医用耗材",
}
"""list_type of the national interface."""
CHARGE_TYPES: Final = {
    "01": "床位费",
    "02": "诊察费",
    "03": "检查费",
    "04": "化验费",
    "05": "治疗费",
    "06": "手术费",
    "07": "护理费",
    "08": "卫生材料费",
    "09": "西药费",
    "10": "中药饮片费",
    "11": "中成药费",
    "12": "一般诊疗费",
    "13": "挂号费",
    "14": "其他费",
}
"""med_chrgitm_type of the national interface."""
ITEM_CLASSES: Final = {"01": "甲类", "02": "乙类", "03": "丙类"}
"""chrgitm_lv of the national interface."""
LEVELS: Final = {"0": "不分级别", "1": "一级", "2": "二级", "3": "三级", "9": "药店"}


def institution(cell: str) -> object:
    """A checked institution code."""
    try:
        return parse_institution_code(cell)
    except ValueError as error:
        raise CellProblem(f"机构编号 {cell} {error}", "请核对定点机构编号") from error


def kinds(cell: str) -> object:
    """Item kinds in their order, separated by 、 or a comma, without repetition."""
    found = [kind.strip() for kind in cell.replace("，", "、").replace(",", "、").split("、")]
    joined = "、".join(dict.fromkeys(kind for kind in found if kind))
    return text(100)(joined)


_CODE = Column(name="code", title="医疗目录编码", parse=text(50), required=True, example="XA10BAE046A001010100001")
_START = Column(name="start", title="开始日期", parse=day, required=True, note="当日起生效", example="2026-01-01")
_END = Column(name="end", title="终止日期", parse=last_day, note="最后有效的一日，长期有效的留空", example="")

ITEMS: Final = (
    _CODE,
    Column(name="list_type", title="目录类别", parse=choice(LIST_TYPES), required=True, example="101"),
    Column(name="charge_type", title="收费项目类别", parse=choice(CHARGE_TYPES), required=True, example="09"),
    Column(name="name", title="名称", parse=text(500), required=True, example="二甲双胍片"),
    Column(name="product_name", title="商品名", parse=text(200)),
    Column(name="dosage_form", title="剂型", parse=text(200), example="口服常释剂型"),
    Column(name="spec", title="规格", parse=text(200), example="0.25g"),
    Column(name="unit", title="计价单位", parse=text(50), example="盒"),
    Column(name="manufacturer", title="生产企业", parse=text(200)),
    Column(name="special_service", title="特检特治", parse=flag, note="是/否", example="否"),
    Column(name="basic_drug", title="基本药物", parse=flag, note="是/否", example="是"),
    Column(name="negotiated", title="谈判药品", parse=flag, note="是/否", example="否"),
    Column(name="children", title="儿童用药", parse=flag, note="是/否", example="否"),
)
TERMS: Final = (
    _CODE,
    Column(name="scheme", title="险种", parse=text(6), required=True, note="310 职工，390 城乡居民", example="310"),
    Column(name="list_code", title="医保目录编码", parse=text(50), note="留空时与医疗目录编码相同"),
    Column(name="item_class", title="收费项目等级", parse=choice(ITEM_CLASSES), required=True, example="01"),
    Column(name="prior_self_pay", title="先行自付比例", parse=ratio, note="留空时按政策的统一比例", example="10%"),
    Column(name="restricted", title="限制使用标志", parse=flag, note="是/否", example="否"),
    Column(name="restriction", title="限制使用范围", parse=text(500)),
    Column(
        name="kinds",
        title="政策项目类别",
        parse=kinds,
        note="政策单独规定的类别，几个用顿号隔开，具体的在前",
        example="进口材料",
    ),
    _START,
    _END,
)
LIMITS: Final = (
    _CODE,
    Column(name="level", title="医院级别", parse=choice(LEVELS, default="0"), note="留空为不分级别", example="3"),
    Column(name="limit_micro", title="限价", parse=price, required=True, note="元/计价单位", example="12.50"),
    _START,
    _END,
)
MAPPINGS: Final = (
    Column(name="institution_code", title="定点机构编号", parse=institution, required=True, example="H62990100001"),
    Column(name="local_code", title="机构目录编码", parse=text(150), required=True, example="YP000123"),
    Column(name="local_name", title="机构目录名称", parse=text(200), example="二甲双胍片"),
    _CODE,
    _START,
    _END,
)
DIAGNOSES: Final = (
    Column(name="code", title="诊断代码", parse=text(20), required=True, example="I10.x00x002"),
    Column(name="name", title="诊断名称", parse=text(300), required=True, example="高血压"),
)
OUTPATIENT_DISEASES: Final = (
    Column(name="code", title="病种编码", parse=text(30), required=True, example="M03900"),
    Column(name="name", title="病种名称", parse=text(300), required=True, example="高血压病"),
    Column(name="special", title="门诊特殊病", parse=flag, note="是/否", example="否"),
)
