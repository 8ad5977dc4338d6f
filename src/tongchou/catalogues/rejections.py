"""Refusals of the catalogues."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

UNKNOWN_ITEM = kind(
    "CAT-001",
    zh="医疗目录编码 {code} 不存在",
    en="item {code} is unknown",
    remedy="请核对国家医保编码；新增项目请先导入目录",
    field="med_list_codg",
)
UNKNOWN_MAPPING = kind(
    "CAT-002",
    zh="机构 {institution} 没有待审核的对照 {local_code}",
    en="institution {institution} has no pending mapping of {local_code}",
    remedy="请核对机构目录编码；已审核的对照请重新提交",
    field="fixmedins_hilist_id",
)
MAPPING_OVERLAPS = kind(
    "CAT-003",
    zh="机构 {institution} 的目录 {local_code} 自 {start} 起已有对照，不能再从 {wanted} 起生效",
    en="local code {local_code} of institution {institution} is mapped from {start}, not before {wanted}",
    remedy="请把生效日期改为原对照生效日期之后，或先撤销原对照",
    field="begndate",
)
PERIOD_REVERSED = kind(
    "CAT-004",
    zh="终止日期 {end} 应晚于开始日期 {start}",
    en="the end {end} must come after the start {start}",
    remedy="请更正日期",
    field="enddate",
)
NO_REASON = kind(
    "CAT-005",
    zh="退回对照必须说明原因",
    en="a mapping is returned with a reason only",
    remedy="请填写退回原因，便于机构更正",
    field="remark",
)
