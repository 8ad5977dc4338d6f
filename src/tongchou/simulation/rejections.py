"""What simulation refuses."""

from tongchou.kernel.rejection import kind

DATA_UNUSABLE = kind(
    "SIMU-001",
    zh="费用数据不能使用：{reason}",
    en="the claims can't be used: {reason}",
    remedy="请按提示改正数据后重新上传，或换一份数据",
)
UNKNOWN_DATA = kind(
    "SIMU-002",
    zh="没有这份费用数据（{hash}）",
    en="there is no such data set ({hash})",
    remedy="数据可能已被删除，请重新导出或上传",
)
NO_CLAIMS = kind(
    "SIMU-003",
    zh="统筹区{area}险种{scheme}在{year}待遇年度没有结算",
    en="area {area}, scheme {scheme} has no settlements in benefit year {year}",
    remedy="请换一个年度或险种，或上传费用文件",
)
POLICY_UNUSABLE = kind(
    "SIMU-004",
    zh="改动后的政策不能使用：{findings}",
    en="the changed policy can't be used: {findings}",
    remedy="请按提示改正参数后重新模拟",
)
NO_COMPARISON = kind(
    "SIMU-005",
    zh="没有要对比的政策",
    en="nothing to compare with",
    remedy="请修改至少一个参数，或选择另一日期、另一政策包",
)
FORM_WRONG = kind(
    "SIMU-006",
    zh="{name}“{value}”不正确",
    en="{name} {value} is not valid",
    remedy="请填写{wanted}",
)
