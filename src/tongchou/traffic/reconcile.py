"""The end of the day: 3201 per institution, clearing type and scheme; 3202 with file where unequal; 2601 for what only the
centre has; until both sides are equal to the fen."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tongchou.kernel.money import parse_yuan
from tongchou.traffic import wire
from tongchou.traffic.books import Entry, Totals, totals_of
from tongchou.traffic.client import Connection
from tongchou.traffic.desk import Desk, Failure, Refused, Sent

EQUAL = "0"
ROUNDS = 3
BOUNDARY = "tongchou-traffic-boundary"
CLEARING_TYPES = {
    "11": ("310",),
    "13": ("310",),
    "14": ("310", "390"),
    "21": ("310", "390"),
    "41": ("310",),
    "1103": ("390",),
}
"""The clearing types and schemes in play; also reconciled where the institution has none, for the centre may have some."""
REVERSIBLE = ("2102", "2207", "2304", "2103", "2208", "2305")


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreRow:
    """A row of a 3202 result that only the centre has."""

    person: str
    message_id: str
    total: int
    fund_pay: int
    account_pay: int


@dataclass
class Outcome:
    """The reconciliation of one institution, clearing type and scheme."""

    institution: str
    name: str
    clearing_type: str
    scheme: str
    own: Totals
    equal: bool
    remark: str
    undone: int = 0


class Reconciler:
    """Reconciles one institution after the other over one connection."""

    def __init__(self, url: str, *, begin: date, end: date) -> None:
        self._connection = Connection(url)
        self._begin = begin
        self._end = end

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    async def reconcile(self, desk: Desk) -> list[Outcome]:
        """Reconcile one institution; differences that 2601 can mend are mended."""
        outcomes = []
        for clearing_type, schemes in self._pairs(desk):
            undone = 0
            for _ in range(ROUNDS):
                found = [await self._compare(desk, clearing_type, scheme) for scheme in schemes]
                if all(outcome.equal for outcome in found):
                    break
                only_centre = await self._details(desk, clearing_type)
                for row in only_centre:
                    undone += await self._undo(desk, row)
            found[0].undone = undone
            outcomes += found
        return outcomes

    def _pairs(self, desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
        pairs = {clearing: set(schemes) for clearing, schemes in CLEARING_TYPES.items()}
        for clearing, scheme in desk.book.groups():
            pairs.setdefault(clearing, set()).add(scheme)
        return [(clearing, tuple(sorted(schemes))) for clearing, schemes in sorted(pairs.items())]

    async def _compare(self, desk: Desk, clearing_type: str, scheme: str) -> Outcome:
        """3201 of one clearing type and scheme."""
        own = totals_of(desk.book.of(clearing_type, scheme))
        data = {**self._period(desk, clearing_type, own), "insutype": scheme, "acct_pay": wire.yuan(own.account_pay)}
        info = (await desk.call(self._connection, "3201", {"data": data}))["stmtinfo"]
        return Outcome(
            desk.institution.code,
            desk.institution.name,
            clearing_type,
            scheme,
            own,
            info["stmt_rslt"] == EQUAL,
            info["stmt_rslt_dscr"],
        )

    async def _details(self, desk: Desk, clearing_type: str) -> list[CentreRow]:
        """3202 of one clearing type: what only the centre has.

        Raises:
            Failure: the institution has something that the centre has not, or with other amounts. That must never be.
        """
        entries = desk.book.of(clearing_type)
        own = totals_of(entries)
        data = {
            **self._period(desk, clearing_type, own),
            "file_qury_no": await self._upload(desk, entries),
            "cash_payamt": wire.yuan(own.cash_pay),
        }
        file = (await desk.call(self._connection, "3202", {"data": data}))["fileinfo"]
        rows = await self._download(desk, file)
        wrong = [row for row in rows if row[4] != EQUAL and row[2] != "null"]
        if wrong:
            raise Failure(
                f"{desk.institution.code} {clearing_type}:机构有而中心无或金额不同 {len(wrong)} 笔,如 {wrong[0]}"
            )
        return [
            CentreRow(
                person=row[0],
                message_id=row[3],
                total=parse_yuan(row[7]),
                fund_pay=parse_yuan(row[8]),
                account_pay=parse_yuan(row[9]),
            )
            for row in rows
            if row[2] == "null"
        ]

    def _period(self, desk: Desk, clearing_type: str, own: Totals) -> dict[str, Any]:
        return {
            "clr_type": clearing_type,
            "setl_optins": desk.institution.area,
            "stmt_begndate": self._begin.isoformat(),
            "stmt_enddate": self._end.isoformat(),
            "medfee_sumamt": wire.yuan(own.total),
            "fund_pay_sumamt": wire.yuan(own.fund_pay),
            "fixmedins_setl_cnt": own.count,
        }

    async def _undo(self, desk: Desk, row: CentreRow) -> int:
        """2601 for a row that only the centre has; which transaction it was is not in the row, so they are tried."""
        for infno in REVERSIBLE:
            try:
                await desk.call(self._connection, "2601", wire.undo(row.person, row.message_id, infno))
                return 1
            except Refused:
                continue
        return 0

    async def _upload(self, desk: Desk, entries: Sequence[Entry]) -> str:
        """9101: the institution's rows as a ZIP with one TXT."""
        text = "".join("\t".join(row_of(entry)) + "\n" for entry in entries)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("detail.txt", text)
        nodes = {"fsUploadIn": {"filename": "detail.zip", "fixmedins_code": desk.institution.code}}
        sent = desk.message("9101", nodes, attachment=packed.getvalue())
        body = b"".join(
            (
                _part('name="jsonStr"', sent.body),
                _part('name="file"; filename="detail.zip"', packed.getvalue()),
                f"--{BOUNDARY}--\r\n".encode(),
            )
        )
        upload = Sent("9101", sent.message_id, body, f"multipart/form-data; boundary={BOUNDARY}")
        number: str = (await desk.ask(self._connection, upload))["file_qury_no"]
        return number

    async def _download(self, desk: Desk, file: dict[str, str]) -> list[list[str]]:
        """9102: the rows of a result file."""
        data = {name: file[name] for name in ("file_qury_no", "filename")}
        sent = desk.message("9102", {"fsDownloadIn": {**data, "fixmedins_code": desk.institution.code}})
        answer = await desk.raw(self._connection, sent)
        if answer.startswith(b"{"):
            raise Failure(f"9102 未返回文件:{json.loads(answer)['err_msg']}")
        with zipfile.ZipFile(io.BytesIO(answer)) as archive:
            text = archive.read(archive.namelist()[0]).decode()
        return [line.split("\t") for line in text.splitlines() if line]


def row_of(entry: Entry) -> tuple[str, ...]:
    """The seven columns of an upload: setl_id, mdtrt_id, psn_no, total, fund, account, refund flag."""
    amounts = (str(wire.yuan(each)) for each in (entry.total, entry.fund_pay, entry.account_pay))
    return (entry.settlement, entry.encounter, entry.person, *amounts, "1" if entry.refund else "0")


def _part(disposition: str, content: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def today() -> date:
    """The centre's day: 3201 compares by the centre's settlement time."""
    return datetime.now(wire.TIME_ZONE).date()
