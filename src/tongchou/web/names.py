"""Chinese names of the national codes that the pages show, and of the accumulators. Unknown codes are shown as they are."""

from __future__ import annotations

from tongchou.kernel.levels import LEVELS

SCHEMES = {
    "310": "职工基本医疗保险",
    "320": "公务员医疗补助",
    "330": "大额医疗费用补助",
    "340": "离休人员医疗保障",
    "390": "城乡居民基本医疗保险",
    "392": "城乡居民大病医疗保险",
    "510": "生育保险",
}
SCHEMES_SHORT = {"310": "职工医保", "390": "居民医保"}

MED_TYPES = {
    "11": "普通门诊",
    "12": "门诊挂号",
    "13": "急诊",
    "14": "门诊慢特病",
    "18": "特药购药",
    "21": "普通住院",
    "22": "外伤住院",
    "28": "日间手术",
    "41": "药店购药",
    "51": "生育门诊",
    "52": "生育住院",
    "2101": "普通住院",
    "2102": "单病种住院",
    "9903": "意外伤害门诊",
}

PERSON_TYPES = {
    "11": "在职",
    "12": "退休",
    "13": "离休",
    "15": "居民(成年)",
    "16": "居民(老年)",
    "99": "其他",
    "151": "居民",
    "1105": "农民工",
    "1401": "新生儿",
    "1402": "学龄前儿童",
    "1403": "中小学生",
    "1404": "大学生",
    "1405": "未成年(未入学)",
    "1701": "城乡居民",
}

FUNDS = {
    "310100": "职工医保统筹基金",
    "310102": "职工门诊统筹基金",
    "310200": "职工医保个人账户",
    "310300": "职工大病补助基金",
    "320100": "公务员医疗补助",
    "330100": "大额医疗费用补助",
    "370100": "企业补充医疗保险",
    "390100": "居民医保统筹基金",
    "390102": "居民门诊统筹基金",
    "390200": "居民大病保险",
    "390400": "居民意外伤害基金",
    "610100": "医疗救助",
    "630100": "医院减免",
}

CERTIFICATES = {
    "01": "居民身份证(户口簿)",
    "02": "军官证",
    "03": "警察警官证",
    "04": "港澳居民来往内地通行证",
    "06": "台湾居民来往大陆通行证",
    "07": "外国人永久居留证",
    "08": "外国人护照",
    "16": "中国护照",
    "17": "港澳台居民居住证",
    "99": "其他身份证件",
}

IDENTITIES = {
    "21": "优抚人员",
    "23": "医疗救助人员",
    "2104": "一至六级残疾军人",
    "2301": "三无人员",
    "2302": "建档立卡贫困人员",
    "2303": "低保救助对象",
    "2304": "特困救助对象",
    "2305": "低收入救助对象",
    "2306": "因病致贫救助对象",
    "2307": "农村五保户",
    "2308": "残疾人员",
}

ENROLMENT_STATES = {"0": "未参保", "1": "正常参保", "2": "暂停参保", "3": "无效参保", "4": "终止参保"}
CARD_KINDS = {"01": "医保电子凭证", "02": "居民身份证", "03": "社会保障卡"}
SEXES = {"1": "男", "2": "女"}
INSTITUTION_KINDS = {"1": "定点医疗机构", "2": "定点零售药店"}
ITEM_CLASSES = {"01": "甲类", "02": "乙类", "03": "丙类"}
LIST_TYPES = {
    "101": "西药中成药",
    "102": "中药饮片",
    "103": "自制剂",
    "104": "民族药",
    "106": "中药配方颗粒",
    "201": "医疗服务项目",
    "301": "医用耗材",
}
CHARGE_TYPES = {
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
ETHNIC_GROUPS = {
    "1": "汉族", "2": "蒙古族", "3": "回族", "4": "藏族", "5": "维吾尔族", "6": "苗族", "7": "彝族", "8": "壮族",
    "9": "布依族", "10": "朝鲜族", "11": "满族", "12": "侗族", "13": "瑶族", "14": "白族", "15": "土家族",
    "16": "哈尼族", "17": "哈萨克族", "18": "傣族", "19": "黎族", "26": "东乡族", "30": "土族", "35": "撒拉族",
    "38": "锡伯族", "44": "裕固族", "45": "保安族",
}  # fmt: skip

TABLES = {
    "scheme": SCHEMES,
    "scheme_basic": SCHEMES_SHORT,
    "scheme_short": SCHEMES | SCHEMES_SHORT,
    "med_type": MED_TYPES,
    "person_type": PERSON_TYPES,
    "fund": FUNDS,
    "certificate": CERTIFICATES,
    "identity": IDENTITIES,
    "enrolment_state": ENROLMENT_STATES,
    "card": CARD_KINDS,
    "sex": SEXES,
    "level": LEVELS,
    "institution_kind": INSTITUTION_KINDS,
    "item_class": ITEM_CLASSES,
    "list_type": LIST_TYPES,
    "charge_type": CHARGE_TYPES,
    "ethnicity": ETHNIC_GROUPS,
}


def med_types_by_name() -> list[tuple[str, str]]:
    """(code, name) for a choice: one for all codes of a name (21 and 2101 are both 普通住院)."""
    first: dict[str, str] = {}
    for code, name in MED_TYPES.items():
        first.setdefault(name, code)
    return [(code, name) for name, code in first.items()]


def med_types_like(code: str) -> list[str]:
    """All codes that have the name of this one."""
    name = MED_TYPES.get(code)
    return [code] if name is None else [each for each, title in MED_TYPES.items() if title == name]


def name_of(table: str, code: object) -> str:
    """The Chinese name of a code, or the code itself when the table does not know it.

    Raises:
        KeyError: there is no such table.
    """
    return TABLES[table].get(str(code), str(code))
