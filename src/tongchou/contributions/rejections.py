"""Refusals of contributions."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

ENTITLEMENT_OVERLAPS = kind(
    "CONT-001",
    zh="该人员险种 {scheme} 在 {start} 至 {end} 期间已有待遇享受期",
    en="the person is entitled in scheme {scheme} within {start} to {end} already",
    remedy="请核对缴费到账记录；需要延长的，从原享受期终止日起登记",
    field="begndate",
)
NOT_ENROLLED = kind(
    "CONT-002",
    zh="该人员在 {start} 没有险种 {scheme} 的参保关系，不能登记待遇享受期",
    en="the person does not take part in scheme {scheme} on {start}",
    remedy="请先办理参保登记",
    field="insutype",
)
PERIOD_REVERSED = kind(
    "CONT-003",
    zh="待遇终止日期 {end} 应晚于开始日期 {start}",
    en="the end {end} must come after the start {start}",
    remedy="请更正日期",
    field="enddate",
)
