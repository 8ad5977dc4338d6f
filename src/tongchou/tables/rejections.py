"""Refusals of files as a whole."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

UNREADABLE = kind(
    "TABL-001",
    zh="无法读取文件 {filename}：{problem}",
    en="the file {filename} can't be read: {problem}",
    remedy="请使用 .xlsx、.xls、.ods 或 .csv 文件，重新另存后再上传",
    field="file",
)
MISSING_COLUMNS = kind(
    "TABL-002",
    zh="文件缺少必需的列：{columns}",
    en="the file lacks the columns {columns}",
    remedy="请下载模板，按模板的表头填写，表头放在第一行",
    field="file",
)
EMPTY = kind(
    "TABL-003",
    zh="文件中没有数据",
    en="the file has no data",
    remedy="请在表头下逐行填写后再上传",
    field="file",
)
TOO_LARGE = kind(
    "TABL-004",
    zh="文件过大：超过 {limit}",
    en="the file is too large: more than {limit}",
    remedy="请拆分成几个文件分别上传",
    field="file",
)
TOO_HEAVY = kind(
    "TABL-005",
    zh="文件 {filename} 展开后过大，无法读取",
    en="the file {filename} unpacks to more than can be read",
    remedy="请删除表格区域以外的单元格和格式（可将数据复制到新工作簿），或另存为 .csv 后再上传",
    field="file",
)
