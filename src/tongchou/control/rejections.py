"""What control refuses."""

from __future__ import annotations

from tongchou.kernel import rejection

SIGN_IN_REFUSED = rejection.kind(
    "CTRL-001",
    zh="登录名或密码不正确",
    en="login name or password is wrong",
    remedy="请检查大小写锁定后重新输入；还可以再试 {left} 次。忘记密码请联系管理员重置",
    field="password",
)
LOCKED_OUT = rejection.kind(
    "CTRL-002",
    zh="连续 {limit} 次登录失败，已暂时锁定",
    en="locked after {limit} failures",
    remedy="请在 {minutes} 分钟后再试，或联系管理员确认是否有人冒用",
    field="login",
)
NOT_ALLOWED = rejection.kind(
    "CTRL-003",
    zh="无权办理：{reason}",
    en="not allowed: {reason}",
    remedy="{then}",
)
SEPARATED_DUTIES = rejection.kind(
    "CTRL-004",
    zh="{name}已任“{held}”，不能同时任“{asked}”：{why}",
    en="duties that exclude each other: {held}, {asked}",
    remedy="请先收回“{held}”的授权，或改授其他人员",
    field="post",
)
GRANT_PERIOD = rejection.kind(
    "CTRL-005",
    zh="授权期限 {since} 至 {until} 不正确：{why}",
    en="wrong period of a grant: {since} to {until}",
    remedy="授权期限最长 {days} 天，失效日期须晚于生效日期和今天，请修改后重新提交",
    field="until",
)
UNKNOWN_OPERATOR = rejection.kind(
    "CTRL-006",
    zh="没有登录名为“{login}”的在岗操作员",
    en="no operator {login}",
    remedy="请核对登录名；新人员请先由管理员建立账号",
    field="login",
)
UNKNOWN_POST = rejection.kind(
    "CTRL-007",
    zh="没有岗位“{post}”",
    en="no post {post}",
    remedy="请从岗位列表中选择",
    field="post",
)
UNKNOWN_AREA = rejection.kind(
    "CTRL-008",
    zh="区划代码“{area}”不正确",
    en="wrong area code {area}",
    remedy="请填写 6、9 或 12 位行政区划代码",
    field="area",
)
GRANT_OVER = rejection.kind(
    "CTRL-009",
    zh="该授权已收回或已到期",
    en="the grant is over",
    remedy="请刷新列表；需要时重新提出授权申请",
)
WEAK_PASSWORD = rejection.kind(
    "CTRL-010",
    zh="密码不符合规则：{why}",
    en="weak password: {why}",
    remedy="请另选密码；可以用几个不相关的词加数字和符号",
    field="new",
)
PASSWORD_REUSED = rejection.kind(
    "CTRL-011",
    zh="不能使用最近 {count} 次用过的密码",
    en="password was used before",
    remedy="请另选一个没有用过的密码",
    field="new",
)
FACTOR_REFUSED = rejection.kind(
    "CTRL-012",
    zh="动态口令不正确或已用过",
    en="one-time code is wrong or used",
    remedy="请等下一个 6 位动态口令再输入，并核对手机时间；手机不在身边请用恢复码",
    field="code",
)
FACTOR_NEEDED = rejection.kind(
    "CTRL-013",
    zh="岗位“{post}”须先启用动态口令",
    en="the post {post} needs a second factor",
    remedy="请在“安全设置”中用手机动态口令应用扫码启用，再选择该岗位",
)
OPERATOR_LEFT = rejection.kind(
    "CTRL-014",
    zh="该账号已停用或已离岗",
    en="the account is closed",
    remedy="返岗请由管理员办理返岗登记，并重新申请授权",
    field="login",
)
WRONG_ID_NUMBER = rejection.kind(
    "CTRL-015",
    zh="身份证号不正确：{why}",
    en="wrong ID number: {why}",
    remedy="请核对身份证件后重新录入",
    field="id_number",
)
LOGIN_TAKEN = rejection.kind(
    "CTRL-016",
    zh="登录名“{login}”已被使用",
    en="login name {login} is taken",
    remedy="请换一个登录名",
    field="login",
)
UNLOCK_REFUSED = rejection.kind(
    "CTRL-017",
    zh="密码不正确",
    en="wrong password",
    remedy="请重新输入；还可以再试 {left} 次，之后须重新登录",
    field="password",
)
UNKNOWN_CASE = rejection.kind(
    "CTRL-020",
    zh="没有这个复核事项，或不在您的数据范围内",
    en="no such case",
    remedy="请刷新复核队列",
)
CASE_RESOLVED = rejection.kind(
    "CTRL-021",
    zh="该事项已办结（{state}），不能再次办理",
    en="the case is resolved already ({state})",
    remedy="请刷新复核队列；结果有误的，由经办人重新提交",
)
OWN_CASE = rejection.kind(
    "CTRL-022",
    zh="经办人不能复核自己经办的事项",
    en="a maker can't review the own case",
    remedy="请由另一名复核人员办理",
)
SECOND_ACCOUNT = rejection.kind(
    "CTRL-023",
    zh="您用另一个账号经办了该事项，同一自然人不能复核",
    en="the maker is the same natural person",
    remedy="请由另一名复核人员办理；一人多账号的情况已记入审计留痕",
)
OWN_BENEFIT = rejection.kind(
    "CTRL-024",
    zh="该事项涉及您本人，不能由本人复核",
    en="the case concerns the reviewer",
    remedy="请由另一名复核人员办理",
)
DECIDED_BEFORE = rejection.kind(
    "CTRL-025",
    zh="您已在前一步骤办理过该事项，下一步须由他人办理",
    en="an earlier step was taken by the same person",
    remedy="请由另一名有该功能的人员办理",
)
NOT_IDENTIFIED = rejection.kind(
    "CTRL-026",
    zh="您的账号没有登记身份证号，不能复核",
    en="the account is not bound to a natural person",
    remedy="请由管理员核对身份证件并登记后再复核",
)
PAYLOAD_CHANGED = rejection.kind(
    "CTRL-027",
    zh="事项内容与复核时所见不一致，已拒绝办理",
    en="the payload is not what was reviewed",
    remedy="请退回经办人重新提交，并通知稽核人员查明何人改动",
)
REASON_NEEDED = rejection.kind(
    "CTRL-028",
    zh="退回须填写理由",
    en="a return needs a reason",
    remedy="请写明退回的理由和应如何修改",
    field="reason",
)
CASE_PENDING = rejection.kind(
    "CTRL-029",
    zh="“{subject}”已有一个待复核事项（编号 {case}）",
    en="a case on {subject} is pending already",
    remedy="请等该事项办结，或由经办人撤回后重新提交",
)
NOT_THE_MAKER = rejection.kind(
    "CTRL-030",
    zh="只有经办人可以撤回该事项",
    en="only the maker may withdraw",
    remedy="请联系经办人，或由复核人退回",
)
UNKNOWN_KIND = rejection.kind(
    "CTRL-031",
    zh="没有事项类型“{kind}”或没有设置复核步骤",
    en="no kind of case {kind}, or no steps",
    remedy="请由管理员核对复核审批规则",
)
ATTACHMENT_REFUSED = rejection.kind(
    "CTRL-032",
    zh="附件“{name}”不能上传：{why}",
    en="attachment refused: {why}",
    remedy="请上传不超过 {limit} MB 的 PDF、JPG、PNG、XLSX、XLS 或 CSV 文件",
    field="attachment",
)
ENTERED_BEFORE = rejection.kind(
    "CTRL-033",
    zh="您已录入过单据“{document}”，第二遍须由他人录入",
    en="the same person can't key a document twice",
    remedy="请由另一名人员录入第二遍",
)
ENTRIES_DIFFER = rejection.kind(
    "CTRL-034",
    zh="两次录入不一致：{fields}",
    en="the two entries differ in {fields}",
    remedy="请对照原单据核对这些栏目：本人录错的改正后再次提交；确认无误的，显示两遍录入后以第二遍为准提交",
)
UNKNOWN_PARAMETER = rejection.kind(
    "CTRL-040",
    zh="没有参数“{code}”，或该日没有取值",
    en="no parameter {code} on that day",
    remedy="请在参数字典中核对编码和生效日期",
    field="code",
)
WRONG_VALUE = rejection.kind(
    "CTRL-041",
    zh="“{name}”的取值“{value}”不正确：{why}",
    en="wrong value of {name}: {why}",
    remedy="请按参数的类型和范围修改后重新提交",
    field="value",
)
WRONG_DAY = rejection.kind(
    "CTRL-042",
    zh="生效日期 {day} 不正确：{why}",
    en="wrong day {day}: {why}",
    remedy="请填写今天或以后的日期",
    field="since",
)
KEY_MISSING = rejection.kind(
    "CTRL-050",
    zh="缺少编号为 {key} 的数据密钥，无法解密",
    en="data key {key} is missing",
    remedy="请从密钥备份恢复密钥文件，或设置环境变量 TONGCHOU_DATA_KEYS",
)
DATA_TAMPERED = rejection.kind(
    "CTRL-051",
    zh="密文校验失败：数据被改动或放错了位置，或者密钥不是加密时的那一把",
    en="ciphertext does not verify: altered, moved, or another key",
    remedy="请运行 tongchou doctor 查明范围：多处失败说明密钥文件被换掉，请从密钥备份恢复；只此一处请从备份恢复该记录，并查明何人改动",
)
CASES_WAIT = rejection.kind(
    "CTRL-052",
    zh="还有未办结的复核事项，不能清理旧的检索密钥",
    en="cases wait that carry hashes under the older search key",
    remedy="请等这些事项办结或撤回后再清理",
)
KEYS_LOST = rejection.kind(
    "CTRL-053",
    zh="数据密钥文件 {file} 不存在，而数据库中已有加密的个人信息",
    en="the data keys {file} are missing, but the database holds ciphertexts",
    remedy="请从密钥备份恢复该文件（或设置环境变量 TONGCHOU_DATA_KEYS）后重试；不要让程序生成新密钥，新密钥读不出原有数据",
)
KEYS_UNREADABLE = rejection.kind(
    "CTRL-054",
    zh="数据密钥 {place} 不能读取或写入（{why}）",
    en="the data keys {place} can't be read or written ({why})",
    remedy="请检查文件的所有者和权限（应归运行用户所有，权限 0600）、磁盘空间和内容是否完整；内容损坏时从密钥备份恢复",
)
IDENTITY_UNKNOWN = rejection.kind(
    "CTRL-061",
    zh="统一身份认证账号未绑定本系统操作员，或账号已停用（认证标识 {subject}）",
    en="no operator is bound to the subject {subject}",
    remedy="请把页面上的认证标识交给管理员，经内控复核绑定后再登录；也可以用本系统的登录名和密码登录",
)
IDENTITY_FAILED = rejection.kind(
    "CTRL-062",
    zh="统一身份认证没有成功：{why}",
    en="signing in by the identity provider failed: {why}",
    remedy="请重新登录；多次不成功时请用本系统的登录名和密码，并通知管理员",
)
IDENTITY_REFUSED = rejection.kind(
    "CTRL-063",
    zh="不能绑定统一身份认证账号：{why}",
    en="the identity can't be bound: {why}",
    remedy="请核对认证标识（由本人登录一次后在登录页上看到），更正后重新提交",
    field="subject",
)
WRONG_ORGANISATION = rejection.kind(
    "CTRL-055",
    zh="组织机构变更不能提交：{why}",
    en="the change of the organisation is refused: {why}",
    remedy="请按提示修改后重新提交",
)
WRONG_DEPUTY = rejection.kind(
    "CTRL-056",
    zh="代理关系不成立：{why}",
    en="not a grant that can be deputised this way: {why}",
    remedy="请选择一个在期授权，岗位、限定单位相同，范围和期限不超过它，代理人不是本人；不是代理的请清空“代理”",
    field="deputy_for",
)
BEYOND_THE_CASE = rejection.kind(
    "CTRL-057",
    zh="区划 {reach} 超出了您的数据范围 {area}",
    en="{reach} lies outside the area {area} in which the case is decided",
    remedy="请改为范围内的区划；确需更大范围的，请由上级机构提出，由上级复核审批",
    field="area",
)
NOT_IN_HAND = rejection.kind(
    "CTRL-058",
    zh="您账号的口令由 {by} 发放，尚未确认由您本人取回，不能复核",
    en="the password of the account was given out by {by}, and nobody has confirmed yet that its owner has it",
    remedy="请联系内控或审批岗位人员，在“岗位与权限”您的页面上确认本人取回后再复核",
)
NOT_TO_CONFIRM = rejection.kind(
    "CTRL-059",
    zh="不能确认账号 {login} 已由本人取回：{why}",
    en="it can't be confirmed that the owner has the account {login}: {why}",
    remedy="请在本人修改初始口令之后，由发放人和本人以外的内控或审批岗位人员当面核对后确认",
)
