"""Logs without personal data: one JSON object a line, and a filter that masks what slipped in.

Masked are ID numbers, phone numbers, bank cards, and what stands behind a name of a personal field (姓名, psn_name,
certno …), in the message, its arguments and the traceback alike. The filter is the second line: the first is that code
logs numbers of rows, kinds of errors and places in the program, never their content.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime

_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"\d{6}(?:18|19|20)\d{9}[0-9Xx]"  # ID number, 18 characters
    r"|\d{6}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"  # ID number of the first generation, 15
    r"|1[3-9]\d{9}"  # mobile phone
    r"|[3-6]\d{15,18}"  # bank card
    r")(?![0-9A-Za-z])"
)
_FIELDS = (
    "psn_name|certno|psn_cert_no|patn_name|name|tel|mob|phone|addr|coner_name|coner_tel|agnter_name|agnter_certno|"
    "agnter_tel|bankacct|cert_no|id_number|password|姓名|身份证号|证件号码|电话|手机|地址|银行账号|密码"
)
_FIELD = re.compile(
    rf"""(?P<key>["']?\b(?:{_FIELDS})["']?\s*[:=：]\s*)(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;，；、。}})\]]+)""",
    re.IGNORECASE,
)
_DETAIL = re.compile(r"(Key \([^)]*\)=|Failing row contains )\(.*?\)", re.DOTALL)
"""How PostgreSQL quotes a row in an error."""
MASK = "***"


def masked(text: str) -> str:
    """The text with personal data masked."""
    text = _DETAIL.sub(rf"\1({MASK})", text)
    text = _FIELD.sub(rf"\g<key>{MASK}", text)
    return _NUMBER.sub(MASK, text)


class PrivacyFilter(logging.Filter):
    """Masks every record that passes, before any handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask message and traceback; every record passes."""
        try:
            record.msg = masked(record.getMessage())
        except Exception:  # a wrong format string must not lose the record, nor print its arguments
            record.msg = masked(str(record.msg))
        record.args = None
        if record.exc_info:
            record.exc_text = masked("".join(traceback.format_exception(*record.exc_info))).rstrip()
            record.exc_info = None
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and the fields given as ``extra={"fields": …}``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line |= {name: masked(value) if isinstance(value, str) else value for name, value in fields.items()}
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str)
