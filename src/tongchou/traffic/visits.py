"""Ordinary days: pharmacy sales, outpatient visits, hospital stays, and what institutions take back themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tongchou.traffic import wire
from tongchou.traffic.books import Entry
from tongchou.traffic.client import Connection
from tongchou.traffic.desk import Desk, Failure, Sent
from tongchou.traffic.supplies import (
    EMPLOYEES,
    INPATIENT,
    OUTPATIENT,
    PHARMACY_SALE,
    Line,
    Patient,
    Supplies,
    bill,
    priced,
)

ORDINARY, EMERGENCY, SPECIAL_DISEASE, CHILD_ACCIDENT, STAY = "11", "13", "14", "9903", "2101"
SPECIAL = frozenset({"M00503", "M07803", "M07804", "M08300"})
"""Special outpatient diseases: radio- and chemotherapy, dialysis, after a transplant."""
CHILDREN = frozenset({"1401", "1402", "1403", "1405"})
"""psn_type of people whose accidents are paid for in outpatient departments."""
INJURY = ("T14.900", "损伤")


@dataclass(frozen=True, slots=True)
class Table:
    """One scene: an institution, a patient, a moment, and the dice."""

    supplies: Supplies
    desk: Desk
    connection: Connection
    random: Random
    patient: Patient
    moment: datetime

    async def call(self, infno: str, nodes: Any) -> Any:
        """Send a message of this scene. Raises like Desk.call."""
        return await self.desk.call(self.connection, infno, nodes)

    async def settle(self, infno: str, nodes: Any) -> tuple[Entry, Sent]:
        """Send a settlement, check its answer and book it."""
        sent = self.desk.message(infno, nodes)
        output = await self.desk.ask(self.connection, sent)
        return self.desk.post(output, sent, self.patient.person_number), sent

    async def revoke(self, infno: str, entry: Entry) -> Entry:
        """Take a settlement back: the answer must mirror it to the fen."""
        sent = self.desk.message(infno, wire.revocation(self.patient, entry.settlement, entry.encounter))
        output = await self.desk.ask(self.connection, sent)
        mirror = self.desk.post(
            output, sent, self.patient.person_number, scheme=entry.scheme, clearing_type=entry.clearing_type
        )
        amounts = (mirror.total, mirror.fund_pay, mirror.account_pay)
        if amounts != (-entry.total, -entry.fund_pay, -entry.account_pay):
            raise Failure(f"撤销 {entry.settlement} 与原结算不成镜像")
        return mirror

    def number(self, letter: str) -> str:
        """A visit, stay or batch number of the institution's own."""
        return f"{letter}{self.moment:%y%m%d}{self.random.randrange(10**10):010d}"


Scene = Callable[[Table], Awaitable[None]]


async def identify(table: Table) -> None:
    """1101: who is at the counter."""
    found = await table.call("1101", wire.lookup(table.patient))
    if found["baseinfo"]["psn_no"] != table.patient.person_number:
        raise Failure(f"1101 返回了另一个人:{found['baseinfo']['psn_no']}")


# --- pharmacy ---------------------------------------------------------------------------------------------------------


async def sale(table: Table) -> None:
    """A pharmacy sale: 1101, 2101, 2102. The settlement must be what the pre-settlement promised."""
    await identify(table)
    lines = bill(table.desk.institution, table.random, lines=table.random.randint(1, 10), setting=PHARMACY_SALE)
    promised = await table.call("2101", wire.purchase(table.patient, lines, table.moment))
    entry, _ = await table.settle("2102", wire.purchase(table.patient, lines, table.moment))
    if wire.yuan(entry.fund_pay) != wire.yuan_of(promised["setlinfo"]["fund_pay_sumamt"]):
        raise Failure(f"2102 {entry.settlement} 与 2101 预结算的基金支付不同")


async def sale_taken_back(table: Table) -> None:
    """A sale that is revoked (2103); a second revocation must be refused."""
    lines = bill(table.desk.institution, table.random, lines=3, setting=PHARMACY_SALE)
    entry, _ = await table.settle("2102", wire.purchase(table.patient, lines, table.moment))
    await table.revoke("2103", entry)
    again = table.desk.message("2103", wire.revocation(table.patient, entry.settlement, entry.encounter))
    await table.desk.must_refuse(table.connection, again, {"SETL-041"})


# --- outpatient -------------------------------------------------------------------------------------------------------


def is_outpatient(patient: Patient) -> bool:
    """Whether the schemes of the demo city know an outpatient benefit for this patient."""
    return patient.scheme == EMPLOYEES or bool(SPECIAL & set(patient.diseases)) or patient.person_type in CHILDREN


def reason_of(table: Table) -> tuple[str, tuple[str, str]]:
    """The med_type and disease that bring this patient to an outpatient department."""
    if table.patient.scheme != EMPLOYEES:
        special = sorted(SPECIAL & set(table.patient.diseases))
        return (SPECIAL_DISEASE, (special[0], "门诊特殊病")) if special else (CHILD_ACCIDENT, INJURY)
    return (EMERGENCY if table.random.random() < 0.1 else ORDINARY), table.random.choice(
        table.supplies.outpatient_diseases
    )


async def open_visit(table: Table) -> tuple[str, str, str, list[Line]]:
    """2201, 2203, 2204 (one or two batches' worth in one call). Returns encounter, med_type, batch, lines."""
    med_type, disease = reason_of(table)
    registered = await table.call("2201", wire.registration(table.patient, table.number("M"), table.moment))
    encounter, batch = registered["data"]["mdtrt_id"], table.number("B")
    await table.call("2203", wire.visit(table.patient, encounter, med_type, disease, table.moment))
    lines = bill(table.desk.institution, table.random, lines=table.random.randint(1, 8), setting=OUTPATIENT)
    rows = [wire.line(number, each, table.moment) for number, each in enumerate(lines, 1)]
    split = await table.call("2204", wire.outpatient_lines(table.patient, encounter, batch, rows))
    if len(split["result"]) != len(rows):
        raise Failure(f"2204 上传 {len(rows)} 行,返回 {len(split['result'])} 行")
    return encounter, med_type, batch, lines


async def pre_settled(table: Table, encounter: str, med_type: str, batch: str, total: int) -> Any:
    """2206, and from it the input of the 2207 that follows."""
    nodes = wire.outpatient_settlement(table.patient, encounter, batch, med_type, total)
    promised = await table.call("2206", nodes)
    return wire.outpatient_settlement(table.patient, encounter, batch, med_type, total, wire.parts_of(promised))


async def outpatient(table: Table) -> None:
    """A visit from registration to settlement; sometimes lines are withdrawn and uploaded again."""
    await identify(table)
    encounter, med_type, batch, lines = await open_visit(table)
    if table.random.random() < 0.1:
        await table.call("2205", wire.of_visit(table.patient, encounter, chrg_bchno="0000"))
        rows = [wire.line(number, each, table.moment) for number, each in enumerate(lines, 101)]
        await table.call("2204", wire.outpatient_lines(table.patient, encounter, batch, rows))
    total = sum(each.amount for each in lines)
    await table.settle("2207", await pre_settled(table, encounter, med_type, batch, total))


async def registration_taken_back(table: Table) -> None:
    """A registration that is cancelled before anything is charged (2202)."""
    visit_no = table.number("M")
    registered = await table.call("2201", wire.registration(table.patient, visit_no, table.moment))
    encounter = registered["data"]["mdtrt_id"]
    await table.call("2202", wire.of_visit(table.patient, encounter, ipt_otp_no=visit_no))


async def outpatient_refund(table: Table) -> None:
    """One unit too many was charged: revoke (2208), upload the negative line, settle again."""
    encounter, med_type, batch, lines = await open_visit(table)
    total = sum(each.amount for each in lines)
    entry, _ = await table.settle("2207", await pre_settled(table, encounter, med_type, batch, total))
    await table.revoke("2208", entry)
    back = priced(lines[0].item, -lines[0].quantity)
    row = wire.line(len(lines) + 1, back, table.moment)
    await table.call("2204", wire.outpatient_lines(table.patient, encounter, batch, [row]))
    if total + back.amount > 0:
        await table.settle("2207", await pre_settled(table, encounter, med_type, batch, total + back.amount))


async def outpatient_taken_back(table: Table) -> None:
    """A settlement that is revoked and not repeated (2208)."""
    encounter, med_type, batch, lines = await open_visit(table)
    total = sum(each.amount for each in lines)
    entry, _ = await table.settle("2207", await pre_settled(table, encounter, med_type, batch, total))
    await table.revoke("2208", entry)


# --- stays ------------------------------------------------------------------------------------------------------------


async def admitted(table: Table) -> tuple[str, tuple[str, str], list[Line], datetime]:
    """2401 and an upload per day (2301), now and then with a refund row. Returns encounter, disease, lines, end."""
    disease = table.random.choice(table.supplies.inpatient_diseases)
    days = table.random.randint(2, 9)
    begin = table.moment - timedelta(days=days)
    answer = await table.call("2401", wire.admission(table.patient, table.number("Z"), STAY, disease, begin))
    encounter = answer["result"]["mdtrt_id"]
    charged: list[Line] = []
    for each in range(days):
        moment = begin + timedelta(days=each, hours=1)
        today = bill(table.desk.institution, table.random, lines=table.random.randint(3, 10), setting=INPATIENT)
        rows = [wire.line(len(charged) + number, line, moment) for number, line in enumerate(today, 1)]
        charged += today
        if table.random.random() < 0.3:
            back = priced(today[0].item, -today[0].quantity)
            refund = wire.line(len(charged) + 1, back, moment)
            rows.append({**refund, "init_feedetl_sn": rows[0]["feedetl_sn"]})
            charged.append(back)
        await table.call("2301", wire.stay_lines(table.patient, encounter, STAY, rows))
    return encounter, disease, charged, table.moment


async def stay(table: Table) -> None:
    """A hospital stay: admission, daily uploads, discharge, pre-settlement, settlement."""
    await identify(table)
    await settled_stay(table)


async def settled_stay(table: Table) -> tuple[str, tuple[str, str], Entry]:
    """A stay up to its settlement; settling before the discharge must be refused."""
    encounter, disease, charged, end = await admitted(table)
    total = sum(each.amount for each in charged)
    if table.random.random() < 0.1:
        early = table.desk.message("2304", wire.stay_settlement(table.patient, encounter, total))
        await table.desk.must_refuse(table.connection, early, {"SETL-033"})
    await table.call("2402", wire.discharge(table.patient, encounter, disease, end))
    promised = await table.call("2303", wire.stay_settlement(table.patient, encounter, total))
    nodes = wire.stay_settlement(table.patient, encounter, total, wire.parts_of(promised))
    entry, _ = await table.settle("2304", nodes)
    return encounter, disease, entry


async def stay_taken_back(table: Table) -> None:
    """Everything backwards: 2305, 2405, 2302, 2404."""
    encounter, _, entry = await settled_stay(table)
    await table.revoke("2305", entry)
    await table.call("2405", wire.of_visit(table.patient, encounter))
    await table.call("2302", {"data": [wire.of_visit(table.patient, encounter, feedetl_sn="0000")["data"]]})
    await table.call("2404", wire.of_visit(table.patient, encounter))
