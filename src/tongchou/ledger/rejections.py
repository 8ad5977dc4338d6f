"""Reasons for which the ledger refuses."""

from tongchou.kernel.rejection import kind

UNBALANCED = kind(
    "LEDG-001",
    zh="凭证 {key} 借贷不平：借贷合计相差 {difference} 分",
    en="journal {key} does not balance: the entries sum to {difference} fen",
    remedy="请核对分录，使借方合计等于贷方合计后再入账",
)
DAY_CLOSED = kind(
    "LEDG-002",
    zh="统筹区 {area} 的业务日 {day} 已日结，不再入账",
    en="business day {day} of area {area} is closed and takes no more journals",
    remedy="请使用下一个未日结的业务日期入账；需更正的业务请用红冲凭证",
)
ALREADY_REVERSED = kind(
    "LEDG-003",
    zh="凭证 {journal} 已被冲销，一张凭证只能冲销一次",
    en="journal {journal} is already reversed",
    remedy="请查询该凭证的红冲凭证，勿重复冲销",
)
UNKNOWN_JOURNAL = kind(
    "LEDG-004",
    zh="凭证 {journal} 不存在",
    en="there is no journal {journal}",
    remedy="请核对凭证流水号",
)
DUPLICATE_KEY = kind(
    "LEDG-005",
    zh="业务主键 {key} 已入账",
    en="business key {key} is already posted",
    remedy="同一业务只入账一次，请查询已有凭证",
)
EARLIER_DAY_OPEN = kind(
    "LEDG-006",
    zh="统筹区 {area} 的业务日 {open_day} 尚未日结，不能先日结 {day}",
    en="business day {open_day} of area {area} is still open, so {day} can't be closed",
    remedy="请先对 {open_day} 日结",
)
DAY_NOT_OVER = kind(
    "LEDG-007",
    zh="业务日 {day} 尚未到来，不能日结",
    en="business day {day} lies in the future and can't be closed",
    remedy="请选择今天或以前的日期",
)
FIGURES_DIFFER = kind(
    "LEDG-008",
    zh="统筹区 {area} 业务日 {day} 三方数据不平，不能日结：{differences}",
    en="the figures of {area} on {day} differ, so the day can't be closed: {differences}",
    remedy="请按所列差异核对结算、账簿与机构对账数据（tongchou doctor 会指出不一致的记录），更正后重新日结",
)
UNKNOWN_ACCOUNT = kind(
    "LEDG-009",
    zh="统筹区 {area} 没有会计科目 {code}",
    en="area {area} has no account {code}",
    remedy="请先为该统筹区建立会计科目（初始化科目表）",
)
UNKNOWN_AREA = kind(
    "LEDG-010",
    zh="统筹区 {area} 没有科目表，不能日结",
    en="area {area} has no chart of accounts, so no day of it can be closed",
    remedy="请核对统筹区代码；新统筹区请先建立科目表",
)
