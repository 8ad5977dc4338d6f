"""Refusals of personal accounts and of family bindings."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

ACCOUNT_EXISTS = kind(
    "ACCT-001",
    zh="该人员已有险种 {scheme} 的个人账户",
    en="the person has an account of scheme {scheme} already",
    remedy="请在原账户上办理业务",
    field="psn_no",
)
NO_ACCOUNT = kind(
    "ACCT-002",
    zh="该人员没有险种 {scheme} 的个人账户",
    en="the person has no account of scheme {scheme}",
    remedy="请先为参保人员建立个人账户",
    field="psn_no",
)
AMOUNT_NOT_POSITIVE = kind(
    "ACCT-003",
    zh="金额应大于零：{amount} 元",
    en="the amount must be positive: {amount}",
    remedy="请更正金额；需要扣回的，请办理冲销",
    field="amount",
)
NOT_ENOUGH = kind(
    "ACCT-004",
    zh="个人账户余额不足：余额 {balance} 元，需要 {amount} 元",
    en="the account holds {balance}, {amount} are needed",
    remedy="请减少账户支付金额，其余由个人现金支付",
    field="acct_pay",
)
OWN_FAMILY = kind(
    "ACCT-010",
    zh="不能把本人绑定为本人账户的共济成员",
    en="nobody is bound to the own account",
    remedy="本人支付直接使用本人账户，无需绑定；请核对成员的人员编号",
    field="member",
)
WRONG_RELATION = kind(
    "ACCT-011",
    zh="关系“{relation}”不在本统筹区家庭共济范围内（{admitted}）",
    en="relation {relation} is not admitted here ({admitted})",
    remedy="请核对与账户所有人的关系；范围由系统参数“家庭共济范围”按文件规定",
    field="relation",
)
RELATION_UNLIKELY = kind(
    "ACCT-012",
    zh="{relation}的出生日期与账户所有人的出生日期不符合这一关系",
    en="the days of birth do not allow the relation {relation}",
    remedy="请核对关系的方向（成员是所有人的什么人）；出生日期登记有误的，先办理信息更正",
    field="relation",
)
MEMBER_BOUND = kind(
    "ACCT-013",
    zh="成员 {member} 在 {period} 已有家庭共济绑定",
    en="member {member} is bound to an account in {period} already",
    remedy="请由原账户所有人先解除绑定，或改为其解除之后的日期",
    field="member",
)
FAMILY_FULL = kind(
    "ACCT-014",
    zh="账户所有人已有 {count} 名共济成员，最多 {most} 名",
    en="the owner has {count} members, {most} at most",
    remedy="请先解除不再使用的成员",
    field="member",
)
NOT_INSURED_HERE = kind(
    "ACCT-015",
    zh="{who} {number} 在 {day} 不是本统筹区的正常参保人员",
    en="{who} {number} is not insured here on {day}",
    remedy="请核对人员编号和参保状态；参保在外地的，由参保地办理",
    field="member",
)
WRONG_DAYS = kind(
    "ACCT-016",
    zh="共济日期不正确：{why}",
    en="the days of the binding are wrong: {why}",
    remedy="请改正日期后重新提交",
    field="since",
)
NO_BINDING = kind(
    "ACCT-017",
    zh="没有这条家庭共济绑定，或它已经解除",
    en="there is no such binding, or it has ended",
    remedy="请在账户所有人的家庭共济页面核对",
)
NO_GROUNDS = kind(
    "ACCT-018",
    zh="没有写明依据",
    en="no grounds are given",
    remedy="请写明账户所有人的授权书和关系证明材料",
    field="reason",
)
OWN_BUSINESS = kind(
    "ACCT-019",
    zh="不能为本人办理家庭共济绑定",
    en="nobody binds the own account or oneself at the counter",
    remedy="请由另一名经办人办理",
    field="member",
)
