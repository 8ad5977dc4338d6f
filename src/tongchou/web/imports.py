"""The imports that the pages offer: which file fills which table, and the functions of the rooms that do it.

A check is an import that is rolled back: what the check promises is what the import does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from tongchou.catalogues import api as catalogues
from tongchou.providers import api as providers
from tongchou.tables.api import Column, Report, RowError
from tongchou.web.excel import workbook_bytes

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes. The national drug catalogue as a workbook has about 5 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One kind of import."""

    kind: str
    title: str
    list_url: str
    columns: tuple[Column, ...]
    template: Callable[[], bytes]
    run: Callable[..., Report]


def _mappings(*, content: bytes, filename: str) -> Report:
    return catalogues.import_mappings(content=content, filename=filename, now=timezone.now())


_RUNS: dict[str, Callable[..., Report]] = {
    "items": catalogues.import_items,
    "terms": catalogues.import_terms,
    "limits": catalogues.import_limits,
    "diagnoses": catalogues.import_diagnoses,
    "outpatient_diseases": catalogues.import_outpatient_diseases,
    "mappings": _mappings,
}
_MODELS = {
    "items": "item",
    "terms": "itemterm",
    "limits": "pricelimit",
    "diagnoses": "diagnosis",
    "outpatient_diseases": "outpatientdisease",
    "mappings": "mapping",
}


def _of_catalogues(kind: str) -> Import:
    title, columns = catalogues.TEMPLATES[kind]
    return Import(
        kind=kind, title=title, list_url=f"admin:catalogues_{_MODELS[kind]}_changelist", columns=tuple(columns),
        template=lambda: catalogues.import_template(kind), run=_RUNS[kind],
    )  # fmt: skip


IMPORTS: dict[str, Import] = {kind: _of_catalogues(kind) for kind in _RUNS} | {
    "institutions": Import(
        kind="institutions", title="定点机构与协议", list_url="admin:providers_institution_changelist",
        columns=tuple(providers.INSTITUTIONS), template=providers.import_template, run=providers.import_institutions,
    ),
}  # fmt: skip


def check(one: Import, *, content: bytes, filename: str) -> Report:
    """What the import would do, without doing it.

    Raises:
        Rejection: the file as a whole can't be used.
    """
    with transaction.atomic():
        report = one.run(content=content, filename=filename)
        transaction.set_rollback(True)
    return report


def errors_file(errors: tuple[RowError, ...]) -> bytes:
    """The errors as an Excel file, to work through them beside the original."""
    body = ([error.row, error.column, error.message, error.remedy] for error in errors)
    return workbook_bytes("导入错误", ["行号", "列", "问题", "处理办法"], body)
