"""Refusals of the providers room."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

UNKNOWN = kind(
    "PROV-001",
    zh="定点机构编号 {code} 不存在",
    en="institution {code} is unknown",
    remedy="请核对机构编号；新机构请先由医保中心登记并签订服务协议",
    field="fixmedins_code",
)
NO_AGREEMENT = kind(
    "PROV-002",
    zh="机构 {code} {name} 在 {day} 没有有效的服务协议",
    en="institution {code} has no agreement in force on {day}",
    remedy="请联系医保中心医疗管理科续签协议，协议生效后再上传",
    field="fixmedins_code",
)
SUSPENDED = kind(
    "PROV-003",
    zh="机构 {code} {name} 的服务协议 {number} 已暂停",
    en="agreement {number} of institution {code} is suspended",
    remedy="暂停期间不能结算；整改验收后由医保中心恢复服务",
    field="fixmedins_code",
)
MED_TYPE_NOT_COVERED = kind(
    "PROV-004",
    zh="机构 {code} {name} 的服务协议未开通医疗类别 {med_type}",
    en="the agreement of institution {code} does not cover medical category {med_type}",
    remedy="请核对医疗类别；如需开通，请向医保中心申请变更协议",
    field="med_type",
)
SESSION_UNKNOWN = kind(
    "PROV-005",
    zh="签到编号 {number} 不存在",
    en="sign-in {number} is unknown",
    remedy="请先调用 9001 签到，并使用返回的签到编号",
    field="sign_no",
)
SESSION_ENDED = kind(
    "PROV-006",
    zh="签到编号 {number} 已于 {signed_out_at} 签退",
    en="sign-in {number} was signed out at {signed_out_at}",
    remedy="请重新签到（9001）后再办理",
    field="sign_no",
)
INSTITUTION_EXISTS = kind(
    "PROV-007",
    zh="定点机构编号 {code} 已登记",
    en="institution {code} is registered already",
    remedy="请核对编号；需要修改资料时请使用机构变更",
    field="fixmedins_code",
)
AGREEMENT_OVERLAPS = kind(
    "PROV-008",
    zh="机构 {code} 在 {start} 至 {end} 期间已有服务协议",
    en="institution {code} has an agreement between {start} and {end} already",
    remedy="请先终止原协议，或调整新协议的起止日期",
    field="period",
)
NUMBER_TAKEN = kind(
    "PROV-009",
    zh="协议编号 {number} 已被使用",
    en="agreement number {number} is taken",
    remedy="请更换协议编号",
    field="number",
)
INVALID = kind(
    "PROV-010",
    zh="机构资料有误：{problem}",
    en="the institution's data are wrong: {problem}",
    remedy="请按提示更正后重新提交",
)
AGREEMENT_UNKNOWN = kind(
    "PROV-011",
    zh="协议编号 {number} 不存在",
    en="agreement {number} is unknown",
    remedy="请核对协议编号",
    field="number",
)
