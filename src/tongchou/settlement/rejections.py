"""Reasons for which settlement refuses. Codes are stable and never reused; docs/errors.md is generated from them."""

from tongchou.kernel.rejection import kind

REPEATED = kind(
    "SETL-001",
    zh="报文ID重复：{message_id} 已用于内容不同的请求（交易 {transaction}）",
    en="message id {message_id} was already used for another request ({transaction})",
    remedy="请为新的请求生成新的发送方报文ID；要重发同一请求，请保持报文内容不变",
    field="msgid",
)
UNDONE = kind(
    "SETL-002",
    zh="报文 {message_id} 已被冲正交易 {undone_by} 冲正",
    en="message {message_id} was undone by {undone_by}",
    remedy="请使用新的报文ID重新发起交易",
    field="msgid",
)
BUSY = kind(
    "SETL-003",
    zh="参保人 {person_number} 同时有其他业务在办理，本次未入账",
    en="other transactions of person {person_number} are in progress; nothing was written",
    remedy="请稍后用原报文重新发送",
)
NO_NODE_FREE = kind(
    "SETL-004",
    zh="流水号节点已全部占用：256 个服务进程同时在办理结算",
    en="all 256 nodes of the serial numbers are leased",
    remedy="两分钟后重试；请减少服务进程数，或检查是否有进程反复重启",
)
UNKNOWN_PERSON = kind(
    "SETL-010",
    zh="人员编号 {person_number} 不存在",
    en="there is no person {person_number}",
    remedy="请用 1101 重新获取参保人信息后再办理",
    field="psn_no",
)
NOT_ENROLLED = kind(
    "SETL-011",
    zh="参保人 {person_number} 在 {day} 没有险种 {scheme} 的参保关系",
    en="person {person_number} is not enrolled in scheme {scheme} on {day}",
    remedy="请核对险种；确已参保的，请参保人到参保地经办机构查询参保状态",
    field="insutype",
)
ENROLMENT_PAUSED = kind(
    "SETL-012",
    zh="参保人 {person_number} 的参保状态为“{state}”，不能结算",
    en="the enrolment of person {person_number} is not active ({state})",
    remedy="请参保人到参保地经办机构恢复参保，或按自费办理",
    field="psn_no",
)
NOT_ENTITLED = kind(
    "SETL-013",
    zh="参保人 {person_number} 在 {day} 不在险种 {scheme} 的待遇享受期内",
    en="person {person_number} is not entitled under scheme {scheme} on {day}",
    remedy="请参保人核对缴费情况，补缴后待遇恢复；本次可按自费办理，待遇恢复后申请零星报销",
    field="psn_no",
)
DECEASED = kind(
    "SETL-014",
    zh="参保人 {person_number} 已于 {death_date} 身故，{day} 的费用不能结算",
    en="person {person_number} died on {death_date}",
    remedy="请核对人员身份与费用日期；确有误的，请参保地经办机构更正死亡登记",
    field="psn_no",
)
UNKNOWN_MED_TYPE = kind(
    "SETL-015",
    zh="暂不支持医疗类别 {med_type}",
    en="medical category {med_type} is not supported",
    remedy="请核对医疗类别代码，或按就近的医疗类别办理",
    field="med_type",
)
FAMILY_ACCOUNT = kind(
    "SETL-016",
    zh="不能使用共济账户：{why}",
    en="no family account can be used: {why}",
    remedy="请账户所有人到参保地经办窗口办理家庭共济绑定；本次可将个人账户使用标志改为 1（本人账户）或 0（不使用）后重新提交",
    field="acct_used_flag",
)
SCHEME_DIFFERS = kind(
    "SETL-017",
    zh="险种 {scheme} 与就诊登记的险种 {registered} 不一致",
    en="scheme {scheme} differs from the registered {registered}",
    remedy="请按登记的险种结算；登记有误的，请撤销登记后重新登记",
    field="insutype",
)
NO_LINES = kind(
    "SETL-020",
    zh="没有可结算的费用明细",
    en="there are no fee lines to settle",
    remedy="请先上传费用明细；已结算的明细不能再次结算",
)
LINE_AMOUNT = kind(
    "SETL-021",
    zh="明细 {line_no}：单价×数量为 {product} 元，与金额 {amount} 元相差超过 0.01 元",
    en="line {line_no}: price times quantity is {product} yuan, which differs from {amount} yuan by more than 0.01",
    remedy="请核对该明细的单价、数量和金额后重新上传",
    field="det_item_fee_sumamt",
)
LINE_SIGN = kind(
    "SETL-022",
    zh="明细 {line_no}：单价应为正数，退费明细的数量和金额应同为负数",
    en="line {line_no}: the price must be positive; a refund has negative quantity and amount",
    remedy="请按“单价为正、数量与金额同号”更正后重新上传",
    field="cnt",
)
TOTAL_DIFFERS = kind(
    "SETL-023",
    zh="医疗费总额 {claimed} 元与明细合计 {total} 元不符",
    en="the claimed total {claimed} yuan differs from the lines' sum {total} yuan",
    remedy="请核对总额与明细；尾差请调整在明细上",
    field="medfee_sumamt",
)
ITEM_NOT_IN_FORCE = kind(
    "SETL-024",
    zh="明细 {line_no}：医疗目录编码 {item_code} 在 {day} 未生效或不在险种 {scheme} 的目录中",
    en="line {line_no}: catalogue code {item_code} is not in force on {day} for scheme {scheme}",
    remedy="请下载最新目录并更新对照后重新上传；目录外项目请使用对应的丙类编码",
    field="med_list_codg",
)
NOT_MAPPED = kind(
    "SETL-025",
    zh="明细 {line_no}：机构目录编码 {local_code} 在 {day} 没有与 {item_code} 的有效对照",
    en="line {line_no}: local code {local_code} is not mapped to {item_code} on {day}",
    remedy="请先上传目录对照（3301）并等待审核通过",
    field="medins_list_codg",
)
DUPLICATE_LINE = kind(
    "SETL-026",
    zh="费用明细流水号 {line_no} 重复",
    en="fee line number {line_no} is used twice",
    remedy="同一就诊内明细流水号不得重复，请更换流水号后重新上传",
    field="feedetl_sn",
)
LINE_NUMBER = kind(
    "SETL-027",
    zh="费用明细流水号 {line_no} 无效：应为不超过 15 位的正整数",
    en="fee line number {line_no} is not a positive integer of at most 15 digits",
    remedy="请使用 1 至 15 位、不为 0 的数字作为费用明细流水号",
    field="feedetl_sn",
)
PARTS_DIFFER = kind(
    "SETL-028",
    zh="费用构成与中心不一致：{part} 机构为 {claimed} 元，中心为 {own} 元",
    en="the claimed part {part} is {claimed} yuan, the centre has {own} yuan",
    remedy="请重新预结算，按返回的费用构成再提交结算",
)
REFUND_EXCEEDS = kind(
    "SETL-029",
    zh="退费后“{part}”合计为 {amount} 元，不能为负数",
    en="after refunds the sum of {part} is {amount} yuan and would be negative",
    remedy="请核对退费明细：退费不得超过原明细的数量和金额",
)
UNKNOWN_ENCOUNTER = kind(
    "SETL-030",
    zh="就诊ID {encounter} 不存在，或不属于本机构、本参保人",
    en="encounter {encounter} is unknown or belongs to another institution or person",
    remedy="请核对就诊ID与人员编号；尚未登记的，请先办理挂号（2201）或入院（2401）",
    field="mdtrt_id",
)
ENCOUNTER_STATE = kind(
    "SETL-031",
    zh="就诊 {encounter} 状态为“{status}”，不能{action}",
    en="encounter {encounter} is {status}: {action} is not possible",
    remedy="{hint}",
    field="mdtrt_id",
)
STAY_OPEN = kind(
    "SETL-032",
    zh="参保人自 {since} 起在机构 {institution} 住院，尚未出院",
    en="the person has been an inpatient of {institution} since {since} and is not yet discharged",
    remedy="请原机构办理出院（2402）或撤销入院（2404）后再办理",
    field="psn_no",
)
NOT_DISCHARGED = kind(
    "SETL-033",
    zh="就诊 {encounter} 尚未办理出院，不能作出院结算",
    en="encounter {encounter} is not discharged yet",
    remedy="请先办理出院（2402）；中途结算请将中途结算标志置为 1",
    field="mdtrt_id",
)
MED_TYPE_DIFFERS = kind(
    "SETL-034",
    zh="医疗类别 {med_type} 与就诊登记的 {registered} 不一致",
    en="medical category {med_type} differs from the registered {registered}",
    remedy="一次就诊只能使用一个医疗类别，请按登记的类别提交或重新登记",
    field="med_type",
)
BAD_DATES = kind(
    "SETL-035",
    zh="结束时间 {end} 早于开始时间 {begin}",
    en="the end {end} lies before the beginning {begin}",
    remedy="请核对出院时间与入院时间",
    field="endtime",
)
HAS_SETTLED_LINES = kind(
    "SETL-036",
    zh="就诊 {encounter} 已有结算的费用，不能{action}",
    en="encounter {encounter} has settled lines: {action} is not possible",
    remedy="请先撤销相应的结算（2208/2305）",
    field="mdtrt_id",
)
HAS_LINES = kind(
    "SETL-037",
    zh="就诊 {encounter} 尚有 {count} 条未结算的费用明细，不能{action}",
    en="encounter {encounter} still has {count} unsettled lines: {action} is not possible",
    remedy="请先撤销费用明细（2205/2302），流水号传 0000 可全部撤销",
    field="mdtrt_id",
)
LINES_SETTLED = kind(
    "SETL-038",
    zh="费用明细 {line_no} 已结算，不能撤销",
    en="fee line {line_no} is settled and can't be withdrawn",
    remedy="请先撤销结算，或上传负数的退费明细",
    field="feedetl_sn",
)
UNKNOWN_LINES = kind(
    "SETL-039",
    zh="没有找到要撤销的费用明细（{line_no}）",
    en="the fee lines to withdraw were not found ({line_no})",
    remedy="请核对流水号或批次号；可用 5204 查询已上传的明细",
    field="feedetl_sn",
)
UNKNOWN_SETTLEMENT = kind(
    "SETL-040",
    zh="结算ID {settlement} 不存在，或不属于本机构、本参保人",
    en="settlement {settlement} is unknown or belongs to another institution or person",
    remedy="请核对结算ID与人员编号，可用 5203 查询",
    field="setl_id",
)
ALREADY_REVOKED = kind(
    "SETL-041",
    zh="结算 {settlement} 已被撤销（撤销结算 {reversal}）",
    en="settlement {settlement} is already revoked by {reversal}",
    remedy="一笔结算只能撤销一次，请用 5203 核对结算状态",
    field="setl_id",
)
IS_A_REVOCATION = kind(
    "SETL-042",
    zh="{settlement} 是撤销记录，不能再次撤销",
    en="{settlement} is itself a revocation",
    remedy="如需恢复原结算，请对撤销报文发起冲正（2601），或重新结算",
    field="setl_id",
)
LINES_CHANGED = kind(
    "SETL-043",
    zh="结算 {settlement} 撤销后费用明细已有变化，不能恢复原结算",
    en="the fee lines changed since settlement {settlement} was revoked",
    remedy="请按现有明细重新结算",
    field="omsgid",
)
ACCOUNT_SHORT = kind(
    "SETL-044",
    zh="个人账户余额不足，无法恢复结算 {settlement}",
    en="the personal account no longer covers settlement {settlement}",
    remedy="请重新结算该就诊",
)
RESTORED = kind(
    "SETL-045",
    zh="结算 {settlement} 的撤销已被冲正，现以结算ID {restored} 有效",
    en="the revocation of settlement {settlement} was undone; it is in force as {restored}",
    remedy="请对结算ID {restored} 办理撤销",
    field="setl_id",
)
OTHER_REVOCATION = kind(
    "SETL-046",
    zh="结算 {settlement} 由交易 {settled_by} 办理，不能用交易 {transaction} 撤销",
    en="settlement {settlement} was made by transaction {settled_by}: {transaction} does not revoke it",
    remedy="药店结算（2102）用 2103 撤销，门诊结算（2207）用 2208，住院结算（2304）用 2305",
    field="setl_id",
)
OTHER_KIND_OF_VISIT = kind(
    "SETL-047",
    zh="就诊 {encounter} 是{kind}，不能{action}",
    en="encounter {encounter} is of another kind: this transaction is not for it",
    remedy="门诊就诊用 2202 至 2208 办理，住院用 2301 至 2305 和 2402 至 2405 办理；请核对就诊ID",
    field="mdtrt_id",
)
REFUNDED_LINE = kind(
    "SETL-048",
    zh="费用明细 {line_no} 已有退费明细 {refund}，不能单独撤销",
    en="line {line_no} is refunded by line {refund} and can't be withdrawn alone",
    remedy="请先撤销退费明细，或将两条明细在同一次请求中一起撤销",
    field="feedetl_sn",
)
NOTHING_TO_UNDO = kind(
    "SETL-050",
    zh="没有找到要冲正的交易：报文 {message_id}，交易 {transaction}",
    en="nothing to undo: message {message_id}, transaction {transaction}",
    remedy="原交易未入账，无需冲正；请用新报文重新办理，并以 3201/3202 对账确认",
    field="omsgid",
)
NOT_UNDOABLE = kind(
    "SETL-051",
    zh="交易 {transaction} 不支持冲正",
    en="transaction {transaction} can't be undone",
    remedy="可冲正的交易：2102、2103、2207、2208、2304、2305、2401",
    field="oinfno",
)
ALREADY_UNDONE = kind(
    "SETL-052",
    zh="报文 {message_id} 已冲正（冲正报文 {undone_by}）",
    en="message {message_id} is already undone by {undone_by}",
    remedy="无需重复冲正",
    field="omsgid",
)
OTHER_PERSON = kind(
    "SETL-053",
    zh="报文 {message_id} 不是人员 {person_number} 的业务",
    en="message {message_id} does not concern person {person_number}",
    remedy="请核对人员编号与原报文ID",
    field="psn_no",
)
REFUND_WITHOUT_ORIGINAL = kind(
    "SETL-054",
    zh="退费明细 {line_no}：原明细 {original} 不存在，或退费超过其剩余金额 {left} 元",
    en="refund line {line_no}: original {original} is missing or the refund exceeds its remaining {left} yuan",
    remedy="请核对原费用流水号（init_feedetl_sn）与退费金额",
    field="init_feedetl_sn",
)
RESTRICTED_UNAPPROVED = kind(
    "SETL-060",
    zh="明细 {line_no}：医院审批标志 {flag} 无效，应为 0、1 或 2",
    en="line {line_no}: approval flag {flag} is not 0, 1 or 2",
    remedy="请按 0 无须审批、1 审批通过、2 审批不通过填写",
    field="hosp_appr_flag",
)
BAD_PERIOD = kind(
    "SETL-061",
    zh="期间 {begin} 至 {end} 无效",
    en="the period {begin} to {end} is not valid",
    remedy="请使开始日期不晚于结束日期，且跨度不超过 366 天",
    field="stmt_begndate",
)
RERUN_OTHER_AREA = kind(
    "SETL-071",
    zh="结算 {settlement} 服务当日的参保关系已属于统筹区 {area}",
    en="on the day of settlement {settlement} the person is now enrolled in area {area}",
    remedy="请由医疗机构撤销该结算后按新的参保关系重新结算；已结清的按异地待遇核算处理",
)
RERUN_STALE = kind(
    "SETL-072",
    zh="{subject} 的结算在试算后已有变化，未入账",
    en="the settlements of {subject} have changed since the trial: nothing was booked",
    remedy="请重新试算，核对差异后再提交复核",
)
RERUN_STATE = kind(
    "SETL-073",
    zh="重新结算 {run} 的状态为“{state}”，不能{action}",
    en="re-run {run} is {state}: it can't be {action}",
    remedy="请刷新页面，按当前状态办理；已作废或已入账的请新建试算",
)
RERUN_NOTHING = kind(
    "SETL-074",
    zh="重新结算 {run} 没有差异，无需提交复核",
    en="re-run {run} found no difference: there is nothing to review",
    remedy="无需办理",
)
RERUN_PERIOD = kind(
    "SETL-075",
    zh="服务日期 {begin} 至 {end} 无效",
    en="the days of service {begin} to {end} are not valid",
    remedy="请使开始日期不晚于结束日期，跨度不超过 {days} 天",
    field="begin",
)
RERUN_NOBODY = kind(
    "SETL-076",
    zh="没有需要重新结算的人员：{why}",
    en="nobody to re-run: {why}",
    remedy="请核对统筹区、险种、服务日期；按政策版本批量时，应在新版本发布生效之后办理",
)
RERUN_LIST = kind(
    "SETL-077",
    zh="名单有 {errors} 处错误：{first}",
    en="the list has {errors} errors: {first}",
    remedy="请按列出的行号改正后重新上传；没有导入任何人员",
    field="file",
)
ANSWER_GONE = kind(
    "SETL-080",
    zh="该报文早已受理，应答内容已过保存期",
    en="the message was answered long ago; its answer is past its retention period",
    remedy="业务没有重复办理；请用 5203、5204 查询结算，或重新生成发送方报文 ID",
    field="msgid",
)
