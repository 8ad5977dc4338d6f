"""Files that decide about money (catalogues, limits, mappings, institutions) are imported after a second person's review.

The file itself is the case's attachment: what was checked is what is imported, to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from tongchou.control.api import Change, Execution, Kind, Operator, Upload, approvals, queries, register_kind, rights
from tongchou.tables.api import Report
from tongchou.web.imports import IMPORTS, Import
from tongchou.web.rejections import IMPORT_NO_LONGER_FITS

IMPORT = "reference.import"
REVIEWED = frozenset({"items", "terms", "limits", "mappings", "institutions"})
"""Imports that need a second person; the others are names only."""
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
}


def register() -> None:
    """Make the kind known; called when the site starts."""
    register_kind(
        Kind(code=IMPORT, title="目录与机构导入", make=rights.REFERENCE_IMPORT, execute=_import, describe=_describe)
    )


def hand_in(*, one: Import, filename: str, content: bytes, report: Report, area: str, maker: Operator) -> int:
    """Hand a checked file in for review. Returns the number of the case.

    Raises:
        Rejection: those of ``control.api.request_approval``.
    """
    digest = hashlib.sha256(content).hexdigest()
    case = approvals.request_approval(
        kind=IMPORT,
        subject=f"{one.kind}:{digest[:32]}",
        title=f"导入{one.title}：新增 {report.created:,} 条，更新 {report.updated:,} 条",
        payload={
            "import": one.kind,
            "filename": filename,
            "sha256": digest,
            "created": report.created,
            "updated": report.updated,
        },
        area=area,
        maker=maker,
        attachments=[
            Upload(
                name=filename.replace("/", "_").replace("\\", "_"),
                content_type=_TYPES.get(filename.rpartition(".")[2].lower(), "text/csv"),
                content=content,
            )
        ],
        now=timezone.now(),
    )
    return int(case.pk)


def _import(run: Execution) -> str:
    one = IMPORTS[run.payload["import"]]
    report = one.run(content=queries.only_attachment(run.case_id), filename=run.payload["filename"])
    if not report.ok:
        raise IMPORT_NO_LONGER_FITS(errors=len(report.errors))
    return f"{one.title}已导入：新增 {report.created:,} 条，更新 {report.updated:,} 条"


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    title = IMPORTS[payload["import"]].title
    return [
        Change(label="内容", before=title, after=title),
        Change(label="文件", before="—", after=payload["filename"]),
        Change(label="新增", before="—", after=f"{payload['created']:,} 条"),
        Change(label="更新", before="—", after=f"{payload['updated']:,} 条"),
    ]
