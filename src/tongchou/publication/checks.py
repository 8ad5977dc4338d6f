"""What must hold of the published versions; part of ``tongchou doctor``."""

from __future__ import annotations

from tongchou.kernel.findings import Finding
from tongchou.policy import PolicyErrors
from tongchou.policy.book import content_hash
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.publication import store
from tongchou.publication.models import PublishedVersion

REPUBLISH = "恢复升级前的软件版本，或由经办人发布改正后的政策版本；在此之前，用到该版本的结算会被拒绝并说明原因"
TAMPERED = "已发布的政策不能改动：以复核事项中冻结的全文核对，从备份恢复，并查明谁以何权限写入数据库"


def check() -> list[Finding]:
    """P1 each published version is what was published; P2 it can be read and compiled by this software; P3 the files can.

    Where nothing was published there is nothing to find: the files alone are checked at every start.
    """
    rows = list(PublishedVersion.objects.all())
    if not rows:
        return []
    findings = [
        _finding("P1", f"已发布的政策版本 {row.pack}@{row.starts_on} 与发布时的指纹不符", TAMPERED)
        for row in rows
        if _hash(row) not in ("", row.hash)
    ]
    try:
        policies = store.load(bound_only=False)
    except PolicyErrors as errors:
        remedy = "用 tongchou policy check 查看全部错误，改正政策包文件"
        return [*findings, _finding("P3", f"政策包文件不能使用：{errors.findings[0].text()}", remedy)]
    for pack, unusable in policies.unusable.items():
        found = unusable.findings
        more = f"（共{len(found)}处）" if len(found) > 1 else ""
        findings.append(_finding("P2", f"已发布的政策 {pack} 不能使用：{found[0].text()}{more}", REPUBLISH))
    return findings


def _hash(row: PublishedVersion) -> str:
    """The fingerprint of the stored text; empty where it cannot be read (P2 says so)."""
    try:
        tree = parse_yaml(row.text, row.file)
    except PolicyErrors:
        return ""
    return content_hash(tree) if isinstance(tree, Map) else ""


def _finding(number: str, what: str, remedy: str) -> Finding:
    return Finding(number=number, severity="error", what=what, remedy=remedy)
