"""The counter of one institution: makes messages, sends them, reads the answers, and keeps the book."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tongchou.kernel.money import parse_yuan
from tongchou.traffic.books import Book, Entry
from tongchou.traffic.client import JSON_TYPE, Connection, NoAnswer
from tongchou.traffic.signer import AnswerWrong, Signer
from tongchou.traffic.supplies import Institution

PATH = "/fsi/api/rsfComIfsService/callService"
RETRY_SECONDS = 90
"""How long an unanswered message is repeated: long enough for a centre that is restarted."""
BUSY_CODES = frozenset({"EXCH-090", "EXCH-091", "SETL-003"})
"""Refusals that ask to send the same message again a little later."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=str)


class Refused(Exception):
    """The centre refused a message."""

    def __init__(self, infno: str, text: str) -> None:
        self.infno = infno
        self.text = text
        self.code = text[1:].partition("】")[0] if text.startswith("【") else ""
        super().__init__(f"{infno}: {text}")


class Failure(Exception):
    """The centre did what it must not do: this is what traffic is looking for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it went out, so that it can be repeated byte for byte."""

    infno: str
    message_id: str
    body: bytes
    content_type: str = JSON_TYPE


@dataclass
class Desk:
    """One institution at work. ``connection`` belongs to the task that plays."""

    institution: Institution
    started_at: datetime
    book: Book = field(default_factory=Book)
    messages: itertools.count[int] = field(default_factory=itertools.count)
    sign_no: str = ""
    signer: Signer | None = None
    calls: int = 0
    repeats: int = 0

    async def sign_in(self, connection: Connection) -> None:
        """9001. Raises like :meth:`call`."""
        signed = await self.call(
            connection, "9001", {"signIn": {"opter_no": "001", "mac": "02:00:00:00:00:01", "ip": "10.0.0.1"}}
        )
        self.sign_no = signed["signinoutb"]["sign_no"]

    async def keep_book(self, connection: Connection, begin: str) -> None:
        """Keep what was booked since a day, if the centre knows it; a book of another centre is thrown away."""
        kept = [entry for entry in self.book.entries if entry.day >= begin]
        if kept:
            last = kept[-1]
            query = {"psn_no": last.person, "setl_id": last.settlement, "mdtrt_id": last.encounter}
            try:
                await self.call(connection, "5203", {"data": query})
            except Refused:
                kept = []
        self.book.clear()
        for entry in kept:
            self.book.add(entry)

    def message(self, infno: str, nodes: Any, *, message_id: str = "", attachment: bytes | None = None) -> Sent:
        """Make a message with a fresh id: institution (12), time (14), sequence (4). ``attachment`` is an upload's file."""
        seconds, sequence = divmod(next(self.messages), 10_000)
        moment = self.started_at + timedelta(seconds=seconds)
        message_id = message_id or f"{self.institution.code}{moment:%Y%m%d%H%M%S}{sequence:04d}"
        envelope = {
            "infno": infno,
            "msgid": message_id,
            "mdtrtarea_admvs": self.institution.area,
            "insuplc_admdvs": self.institution.area,
            "recer_sys_code": "01",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "001",
            "opter_name": "收费员",
            "inf_time": f"{moment:%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": self.institution.code,
            "fixmedins_name": self.institution.name,
            "sign_no": self.sign_no,
        }
        if self.signer is not None:
            return Sent(infno, message_id, self.signer.seal(envelope, _encoder.encode(nodes), attachment))
        return Sent(infno, message_id, _encoder.encode({**envelope, "input": nodes}))

    async def call(self, connection: Connection, infno: str, nodes: Any) -> Any:
        """Send a message and return its output.

        Raises:
            Refused: infcode -1.
            NoAnswer: the centre stayed away for longer than RETRY_SECONDS.
        """
        return await self.ask(connection, self.message(infno, nodes))

    async def ask(self, connection: Connection, sent: Sent) -> Any:
        """Send a message, the same one again while no answer comes. Raises like :meth:`call`."""
        return output_of(sent.infno, await self.raw(connection, sent))

    async def raw(self, connection: Connection, sent: Sent) -> bytes:
        """The bytes of the answer; repeats while the centre is away or busy. Raises like :meth:`call`, but never Refused."""
        self.calls += 1
        deadline = asyncio.get_running_loop().time() + RETRY_SECONDS
        pause = 0.05
        while True:
            try:
                answer = await connection.post(PATH, sent.body, sent.content_type)
                if not any(code.encode() in answer[:300] for code in BUSY_CODES):
                    return self._opened(answer, sent)
            except NoAnswer:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            if asyncio.get_running_loop().time() > deadline:
                return self._opened(answer, sent)
            self.repeats += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _opened(self, answer: bytes, sent: Sent) -> bytes:
        """The answer in the open, where this institution signs; a file (9102) comes as it is."""
        if self.signer is None or not answer.startswith(b"{"):
            return answer
        try:
            return self.signer.open(answer, sent.message_id)
        except (AnswerWrong, KeyError, ValueError) as error:
            raise Failure(f"{sent.infno} 的应答未通过验签:{error}") from None

    async def must_refuse(self, connection: Connection, sent: Sent, codes: Collection[str]) -> None:
        """Send a message that the centre has to refuse with one of these codes.

        Raises:
            Failure: it was accepted, or refused for another reason.
        """
        try:
            await self.ask(connection, sent)
        except Refused as refused:
            if refused.code not in codes:
                raise Failure(f"{sent.infno} 应以 {'/'.join(sorted(codes))} 拒绝,实际:{refused.text}") from None
            return
        raise Failure(f"{sent.infno} 应以 {'/'.join(sorted(codes))} 拒绝,实际被接受")

    def post(self, output: Any, sent: Sent, person: str, *, scheme: str = "", clearing_type: str = "") -> Entry:
        """Check a settlement's amounts and enter it in the book.

        Args:
            scheme, clearing_type: for revocations, whose answers may not repeat them.

        Raises:
            Failure: the amounts do not add up, or the settlement is in the book already.
        """
        info = output["setlinfo"]
        check_amounts(output)
        entry = Entry(
            settlement=info["setl_id"],
            encounter=info["mdtrt_id"],
            person=person,
            message_id=sent.message_id,
            scheme=info.get("insutype") or scheme,
            clearing_type=info.get("clr_type") or clearing_type,
            total=parse_yuan(info["medfee_sumamt"]),
            fund_pay=parse_yuan(info["fund_pay_sumamt"]),
            account_pay=parse_yuan(info["acct_pay"]),
            refund=sent.infno in ("2103", "2208", "2305"),
            day=info["setl_time"][:10],
        )
        try:
            self.book.add(entry)
        except ValueError as error:
            raise Failure(str(error)) from None
        return entry


def output_of(infno: str, answer: bytes) -> Any:
    """The output of an answer.

    Raises:
        Refused: infcode -1.
        Failure: the answer is not an envelope.
    """
    try:
        decoded = _decoder.decode(answer)
        infcode, text, output = decoded["infcode"], decoded["err_msg"], decoded["output"]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise Failure(f"{infno} 的应答不是规定的报文:{answer[:80]!r}") from None
    if infcode != 0:
        raise Refused(infno, text)
    return output


FUND_FIELDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay")


def check_amounts(output: Any) -> None:
    """The identities of interface section 6.

    Raises:
        Failure: one of them does not hold.
    """
    info = output["setlinfo"]
    amount = {name: parse_yuan(info[name]) for name in info if name in _AMOUNTS}
    parts = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    checks = {
        "总额=基金+个人": amount["medfee_sumamt"] == amount["fund_pay_sumamt"] + amount["psn_part_amt"],
        "个人=账户+现金": amount["psn_part_amt"] == amount["acct_pay"] + amount["psn_cash_pay"],
        "基金=各项之和": amount["fund_pay_sumamt"] == sum(amount[name] for name in FUND_FIELDS),
        "总额=四项之和": amount["medfee_sumamt"] == sum(amount[name] for name in parts),
        "明细=基金": amount["fund_pay_sumamt"] == sum(parse_yuan(row["fund_payamt"]) for row in output["setldetail"]),
    }
    wrong = [name for name, holds in checks.items() if not holds]
    if wrong:
        raise Failure(f"结算 {info.get('setl_id', '')} 金额不平:{','.join(wrong)}")


_AMOUNTS = frozenset(
    (
        "medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay",
        "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", *FUND_FIELDS,
    )
)  # fmt: skip
