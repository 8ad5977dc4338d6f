"""Refusals of personal accounts."""

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
