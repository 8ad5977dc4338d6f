"""What other rooms may use of reports."""

from tongchou.reports.approvals import CASE, JOB, request_extract
from tongchou.reports.extract import FORMATS, least_persons, write_extract

__all__ = ["CASE", "FORMATS", "JOB", "least_persons", "request_extract", "write_extract"]
