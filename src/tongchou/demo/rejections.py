"""Refusals of the demo."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

CITY_EXISTS = kind(
    "DEMO-001",
    zh="数据库中已有数据（参保人员 {persons} 名，定点机构 {institutions} 家），不能再建演示城市",
    en="the database has data already ({persons} persons, {institutions} institutions)",
    remedy="如需重建请加 --replace（仅限没有就诊和结算记录的数据库），或换一个空数据库",
)
HAS_BUSINESS = kind(
    "DEMO-002",
    zh="数据库中已有业务记录（{what}），不能用演示城市替换",
    en="the database has business records ({what}): it is not replaced",
    remedy="演示数据请使用另一个空数据库；本库数据不会被删除",
)
TOO_FEW = kind(
    "DEMO-003",
    zh="演示城市至少需要 {least} 名参保人员",
    en="a demo city has at least {least} persons",
    remedy="请把 --persons 设为 {least} 或更大",
)
NO_CITY = kind(
    "DEMO-004",
    zh="数据库中还没有演示城市",
    en="there is no demo city in the database",
    remedy="请先运行 tongchou demo",
)
SCHEMA_MISSING = kind(
    "DEMO-005",
    zh="数据库结构尚未建立或不是最新",
    en="the schema is missing or out of date",
    remedy="请先运行 tongchou migrate",
)
