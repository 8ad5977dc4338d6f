"""Code tables of settlement, as data: what a national code means for benefits, clearing and facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class MedType:
    """A med_type: which benefit it asks for, its clearing category, stay, emergency, accident."""

    name: str
    benefit: str
    clearing: str
    stay: bool = False
    emergency: bool = False
    accident: bool = False
    fallback: str = ""


MED_TYPES: Final[dict[str, MedType]] = {
    "11": MedType("普通门诊", "普通门诊", "11"),
    "12": MedType("门诊挂号", "普通门诊", "12"),
    "13": MedType("急诊", "普通门诊", "13", emergency=True),
    "1301": MedType("急诊抢救", "普通门诊", "13", emergency=True),
    "14": MedType("门诊慢特病", "门诊特殊病", "14"),
    "21": MedType("普通住院", "住院", "21", stay=True),
    "2101": MedType("普通住院", "住院", "21", stay=True),
    "22": MedType("外伤住院", "住院", "22", stay=True, accident=True),
    "28": MedType("日间手术", "住院", "28", stay=True),
    "41": MedType("定点药店购药", "药店购药", "41"),
    "9903": MedType("意外伤害门诊", "儿童意外门诊", "1103", accident=True, fallback="普通门诊"),
}
"""``fallback`` is the benefit where the pack does not know the first one."""

DEFAULT_MED_TYPE: Final = "11"
"""What a registration is taken for until 2203 says what the visit is."""

PERSON_TYPES: Final[dict[str, str]] = {
    "11": "在职", "1105": "在职", "1111": "在职", "116003": "在职", "116013": "在职", "116015": "在职",
    "12": "退休", "1112": "退休", "1204": "退休", "126013": "退休", "126015": "退休",
    "13": "离休", "1302": "离休", "1304": "离休", "136011": "离休", "136019": "离休",
    "15": "居民", "16": "老年居民", "18": "居民", "151": "居民", "1701": "居民",
    "1401": "新生儿", "1402": "学龄前儿童", "1403": "中小学生", "1404": "大学生", "1405": "未入学儿童",
    "34": "其他", "33": "其他", "99": "其他", "136003": "其他",
}  # fmt: skip
"""psn_type → person.type."""
FLEXIBLE: Final = "灵活就业"
OTHER_PERSON: Final = "其他"

IDENTITIES: Final[dict[str, tuple[str, ...]]] = {
    "2303": ("低保", "困难"),
    "2304": ("特困", "困难"),
    "2301": ("特困", "困难"),
    "2307": ("特困", "困难"),
    "2305": ("低保边缘", "困难"),
    "2302": ("返贫监测", "困难"),
    "2306": ("困难",),
    "2308": ("重度残疾",),
    "21": ("优抚",),
    "2101": ("优抚",),
    "2102": ("优抚",),
    "2103": ("优抚",),
    "2104": ("优抚",),
    "2105": ("优抚",),
    "2160": ("优抚",),
}
"""psn_idet_type → identities of the policy. Types that no benefit asks for (党员, 劳模 …) are left out."""
DISABLED_HEAVILY: Final = frozenset({"", "1", "2"})
"""Levels of psn_idet_type 2308 that count as 重度残疾 (disability grades one and two; no level stated: as registered)."""

SEXES: Final[dict[str, str]] = {"1": "男", "2": "女"}
ITEM_CLASSES: Final[dict[str, str]] = {"01": "甲类", "02": "乙类", "03": "丙类"}

ACTIVE_ENROLMENT: Final = "1"
ENROLMENT_STATES: Final[dict[str, str]] = {
    "0": "未参保",
    "1": "正常参保",
    "2": "暂停参保",
    "3": "未参保",
    "4": "终止参保",
}

ACCOUNT_FUND: Final[dict[str, str]] = {"310": "310200", "390": "390500"}
"""Scheme → the fund that personal accounts of the scheme are."""

PENDING_APPROVAL, APPROVED, DISAPPROVED = "0", "1", "2"
"""hosp_appr_flag: no approval needed, approved, refused."""
CHARGE_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "01": ("床位",),
    "02": ("诊察",),
    "03": ("检查",),
    "04": ("化验",),
    "05": ("治疗",),
    "06": ("手术",),
    "07": ("护理",),
    "08": ("材料",),
    "09": ("西药", "药品"),
    "10": ("中药饮片", "中药", "药品"),
    "11": ("中成药", "中药", "药品"),
    "12": ("一般诊疗",),
    "13": ("挂号",),
    "14": ("其他",),
}
"""med_chrgitm_type → item kinds that a policy may name, the most specific first."""
