"""What the pages refuse by themselves."""

from __future__ import annotations

from tongchou.kernel import rejection

IMPORT_NO_LONGER_FITS = rejection.kind(
    "WEB-001",
    zh="提交复核之后数据有变化，文件中有 {errors} 处已不能导入",
    en="{errors} rows no longer fit",
    remedy="请退回经办人重新上传检查，再提交复核",
)
FORM_FIELD = rejection.kind(
    "WEB-010",
    zh="栏目“{name}”填写有误：{why}",
    en="{name} is not filled in correctly",
    remedy="请对照原单据改正这一栏后重新提交",
)
BLIND_NEEDED = rejection.kind(
    "WEB-011",
    zh="“{form}”须双人盲录",
    en="{form} is keyed by two people",
    remedy="已录入的内容仍在本页：请填写单据编号后提交，作为第一遍录入，再由另一名人员录入第二遍",
    field="document",
)
