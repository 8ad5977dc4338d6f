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
