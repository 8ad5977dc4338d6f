"""What publication refuses: PUBL-0xx."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

UNKNOWN_DRAFT = kind(
    "PUBL-001",
    zh="没有编号为{draft}的政策草稿，或不是您所在统筹区的",
    en="no policy draft {draft}",
    remedy="请从政策参数的草稿列表中选择",
)
NOT_OPEN = kind(
    "PUBL-002",
    zh="草稿{draft}{state}，不能修改",
    en="draft {draft} is not open",
    remedy="复核中的请先撤回复核事项；已发布的请另建草稿",
)
TEXT_REFUSED = kind(
    "PUBL-003",
    zh="草稿不能提交：检查出{count}处错误，首先是：{first}",
    en="the draft has {count} errors: {first}",
    remedy="请按检查结果逐条改正后再提交",
)
CASES_FAIL = kind(
    "PUBL-004",
    zh="草稿不能提交：有{count}个案例与新版本不符，首先是{first}",
    en="{count} cases do not pass: {first}",
    remedy="请改正草稿；确因政策改变的，逐个填写手算的新期望和理由",
)
NOTHING_CHANGED = kind(
    "PUBL-005",
    zh="草稿与{base}没有不同",
    en="the draft changes nothing against {base}",
    remedy="请先修改要调整的数字，或撤回草稿",
)
START_TAKEN = kind(
    "PUBL-006",
    zh="政策包{pack}已有自{day}起生效的版本",
    en="pack {pack} has a version from {day} already",
    remedy="请改用另一个生效日期；尚未生效的已发布版本可先申请撤销",
    field="starts_on",
)
BASE_CHANGED = kind(
    "PUBL-007",
    zh="政策包{pack}在草稿建立以后又有了新的版本",
    en="pack {pack} has changed since the draft was made",
    remedy="请从现行版本另建草稿，重新填写改动",
)
NOT_A_PACK = kind(
    "PUBL-008",
    zh="上传的文件不能作为政策包：{why}",
    en="the upload is no policy pack: {why}",
    remedy="请上传一个政策包的YAML文件，或含一个政策包及其cases目录的zip文件",
    field="file",
)
UNKNOWN_VERSION = kind(
    "PUBL-009",
    zh="政策包{pack}没有自{day}起的已发布版本，或已撤销",
    en="no published version of {pack} from {day}",
    remedy="请在政策参数中核对；随产品安装的版本由升级替换，不在此撤销",
)
IN_FORCE = kind(
    "PUBL-010",
    zh="政策包{pack}自{day}起的版本已经生效，不能撤销",
    en="version {pack} from {day} is in force",
    remedy="请另建草稿，从以后的日期起恢复原来的规定；影响已结算的，用 tongchou resettle 重算",
)
REASON_NEEDED = kind(
    "PUBL-011",
    zh="没有填写{what}",
    en="{what} is missing",
    remedy="请填写后重试",
)
NO_SUCH_CASE = kind(
    "PUBL-012",
    zh="草稿没有案例{case}的期望“{key}”",
    en="the draft has no expectation {key} of case {case}",
    remedy="请从案例结果中选择",
)
NOT_A_SCHEME = kind(
    "PUBL-013",
    zh="险种“{scheme}”没有三位数字的代码，或没有名称",
    en="{scheme} is no code of a scheme, or has no name",
    remedy="请填写国家标准的险种代码（如310、390）和名称",
    field="scheme",
)
UNKNOWN_PACK = kind(
    "PUBL-014",
    zh="没有政策包{pack}",
    en="there is no pack {pack}",
    remedy="请从列表中选择；新的政策包先起草并发布",
)
STILL_NEEDED = kind(
    "PUBL-015",
    zh="不能撤销政策包{pack}自{day}起的版本：撤销后{first}",
    en="version {pack} from {day} is still needed: {first}",
    remedy="请先撤销用到它的发布（如险种采用的政策包），再撤销这个版本",
)
TOO_MANY_EDITS = kind(
    "PUBL-016",
    zh="草稿已有{count}处规则改动",
    en="the draft has {count} changes of rules already",
    remedy="请下载原文，修改后作为政策包上传",
)
NO_EDIT = kind(
    "PUBL-017",
    zh="草稿没有可以撤回的规则改动",
    en="the draft has no change of a rule to take back",
    remedy="请刷新页面；改动的数字在“改动数字”中恢复",
)
UNUSABLE = kind(
    "PUBL-020",
    zh="政策版本{file}在本软件中不能使用：{first}",
    en="policy version {file} cannot be used: {first}",
    remedy="请由管理员运行 tongchou doctor 查看，恢复升级前的软件版本，或发布改正后的政策版本",
)
