"""The standard facts and burden components, read once from ``vocabulary.yaml`` beside this module."""

from __future__ import annotations

from importlib.resources import files

from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.model import FactSpec
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.policy.packs import read_fact
from tongchou.policy.reader import Cursor

COMPONENT_TITLES = {
    "out_of_scope": "全自费",
    "over_limit": "超限价自付",
    "prior_self_pay": "先行自付",
    "in_scope": "符合范围费用",
    "deductible": "起付标准以下",
    "copay": "按比例自付",
    "over_cap": "超封顶线",
    "uncovered": "基金未支付",
}
"""Chinese titles of the burden components."""

STANDARD_KINDS = (
    "甲类", "乙类", "丙类", "特检特治", "国谈药",
    "床位", "诊察", "检查", "化验", "治疗", "手术", "护理", "材料", "西药", "中药饮片", "中成药", "中药", "药品",
    "一般诊疗", "挂号", "其他",
)  # fmt: skip
"""Item kinds that every fee line has from its class, the marks of its item and its charge type; packs may name others."""
_SAME_KIND = {
    "特检特治": ("特殊检查", "特殊治疗", "特检", "特治", "特殊检查治疗", "特殊检查和治疗", "特殊检查、特殊治疗"),
    "国谈药": ("国家谈判药", "国家谈判药品", "谈判药", "谈判药品", "国谈药品"),
    "中药饮片": ("中草药", "饮片"),
    "化验": ("检验",),
    "材料": ("耗材", "医用材料", "卫生材料"),
    "药品": ("药", "药费"),
}


def near_kind(word: str) -> str:
    """The standard item kind that a word most likely means, or nothing: 特殊检查 is 特检特治, 床位费 is 床位."""
    if word in STANDARD_KINDS:
        return ""
    for kind, others in _SAME_KIND.items():
        if word in others:
            return kind
    bare = word.removesuffix("费用").removesuffix("费").removesuffix("类")
    return next((kind for kind in STANDARD_KINDS if bare in (kind, kind.removesuffix("类"))), "")


def _load() -> dict[str, FactSpec]:
    findings: list[Finding] = []
    tree = parse_yaml(files("tongchou.policy").joinpath("vocabulary.yaml").read_text("utf-8"), "vocabulary.yaml")
    found: dict[str, FactSpec] = {}
    if isinstance(tree, Map):
        top = Cursor(tree, findings)
        for name, node in top.named("facts"):
            item = top.enter(node, name)
            if item is not None:
                found[name] = read_fact(name, item, None)
    if findings:
        raise PolicyErrors(findings)
    return found


STANDARD_FACTS = _load()
"""Name → specification of every standard fact."""
