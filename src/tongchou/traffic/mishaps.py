"""Bad days: lost answers, duplicates, wrong totals, unknown codes, people without entitlement.

Whatever the centre must refuse, it is asked to refuse here; an acceptance is a failure of the centre.
"""

from __future__ import annotations

from tongchou.traffic import wire
from tongchou.traffic.desk import PATH, Failure, Refused, Sent, output_of
from tongchou.traffic.supplies import PHARMACY_SALE, bill
from tongchou.traffic.visits import Table, open_visit, pre_settled, settled_stay

NOT_ENTITLED = frozenset({"SETL-011", "SETL-012", "SETL-013", "SETL-014"})
NOTHING_TO_UNDO = "SETL-050"
HANG_UP_SECONDS = (0.0, 0.001, 0.01, 0.2)
"""How long after sending the institution hangs up: before, while and after the centre works."""


async def lost_and_repeated(table: Table) -> None:
    """The answer to a 2102 is lost; the same message is sent again and answered as if nothing had happened."""
    lines = bill(table.desk.institution, table.random, lines=4, setting=PHARMACY_SALE)
    sent = table.desk.message("2102", wire.purchase(table.patient, lines, table.moment))
    await table.connection.post_and_hang_up(PATH, sent.body, table.random.choice(HANG_UP_SECONDS))
    output = await table.desk.ask(table.connection, sent)
    table.desk.post(output, sent, table.patient.person_number)


async def lost_and_undone(table: Table) -> None:
    """The answer to a 2102 is lost and the customer has gone: 2601 undoes whatever was done."""
    lines = bill(table.desk.institution, table.random, lines=2, setting=PHARMACY_SALE)
    sent = table.desk.message("2102", wire.purchase(table.patient, lines, table.moment))
    await table.connection.post_and_hang_up(PATH, sent.body, table.random.choice(HANG_UP_SECONDS))
    await undo(table, sent.message_id, "2102")


async def lost_and_forgotten(table: Table) -> None:
    """The answer to a 2102 is lost and nobody notices: only the day's reconciliation (3201, 3202) will."""
    lines = bill(table.desk.institution, table.random, lines=2, setting=PHARMACY_SALE)
    sent = table.desk.message("2102", wire.purchase(table.patient, lines, table.moment))
    await table.connection.post_and_hang_up(PATH, sent.body, 0.2)


async def undo(table: Table, message_id: str, infno: str) -> None:
    """2601, until it is clear that nothing of the message is left; it may have arrived late or never."""
    try:
        await table.call("2601", wire.undo(table.patient.person_number, message_id, infno))
    except Refused as refused:
        if refused.code != NOTHING_TO_UNDO:
            raise


async def stay_lost_and_repeated(table: Table) -> None:
    """The answer to a 2401 is lost and the admission undone by 2601, then the patient is admitted after all."""
    disease = table.supplies.inpatient_diseases[0]
    nodes = wire.admission(table.patient, table.number("Z"), "2101", disease, table.moment)
    sent = table.desk.message("2401", nodes)
    await table.desk.ask(table.connection, sent)
    await undo(table, sent.message_id, "2401")
    await settled_stay(table)


async def sent_twice(table: Table) -> None:
    """A message is sent twice: the answers are the same to the byte. With another content it is refused."""
    lines = bill(table.desk.institution, table.random, lines=5, setting=PHARMACY_SALE)
    sent = table.desk.message("2102", wire.purchase(table.patient, lines, table.moment))
    first = await table.desk.raw(table.connection, sent)
    second = await table.desk.raw(table.connection, sent)
    if first != second:
        raise Failure(f"同一报文 {sent.message_id} 的两次应答不同")
    table.desk.post(output_of("2102", first), sent, table.patient.person_number)
    other = wire.purchase(table.patient, lines[:-1] or lines * 2, table.moment)
    changed = table.desk.message("2102", other, message_id=sent.message_id)
    await table.desk.must_refuse(table.connection, changed, {"SETL-001"})


async def wrong_total(table: Table) -> None:
    """A total that is not the sum of the lines, and a line that is not price × quantity."""
    lines = bill(table.desk.institution, table.random, lines=3, setting=PHARMACY_SALE)
    total = sum(each.amount for each in lines)
    nodes = wire.purchase(table.patient, lines, table.moment, total=total + 1)
    await table.desk.must_refuse(table.connection, table.desk.message("2102", nodes), {"SETL-023"})
    nodes = wire.purchase(table.patient, lines, table.moment, total=total + 2)
    nodes["drugdetail"][0]["det_item_fee_sumamt"] = wire.yuan(lines[0].amount + 2)
    await table.desk.must_refuse(table.connection, table.desk.message("2102", nodes), {"SETL-021"})


async def wrong_parts(table: Table) -> None:
    """The institution splits the bill otherwise than the centre: refused with both amounts; then corrected."""
    encounter, med_type, batch, lines = await open_visit(table)
    total = sum(each.amount for each in lines)
    right = await pre_settled(table, encounter, med_type, batch, total)
    own = wire.yuan_of(right["data"]["inscp_scp_amt"])
    wrong = {"data": {**right["data"], "inscp_scp_amt": own + wire.yuan(1)}}
    await table.desk.must_refuse(table.connection, table.desk.message("2207", wrong), {"SETL-028"})
    await table.settle("2207", right)


async def unknown_item(table: Table) -> None:
    """A code that is in no catalogue, a local code without a mapping, a value that is in no code set, a missing field."""
    lines = bill(table.desk.institution, table.random, lines=2, setting=PHARMACY_SALE)
    for changes, code in (
        ({"med_list_codg": "XZ99ZZZ999Z999999999999"}, "SETL-024"),
        ({"rx_circ_flag": "7"}, "EXCH-012"),
        ({"fee_ocur_time": ""}, "EXCH-010"),
        ({"medins_list_codg": "L" * 151}, "EXCH-011"),
    ):
        nodes = wire.purchase(table.patient, lines, table.moment)
        nodes["drugdetail"][0].update(changes)
        expected = {code, "SETL-025"} if code == "SETL-024" else {code}
        await table.desk.must_refuse(table.connection, table.desk.message("2102", nodes), expected)


async def not_entitled(table: Table) -> None:
    """Somebody who is not insured, or has not paid: refused at the counter."""
    lines = bill(table.desk.institution, table.random, lines=1, setting=PHARMACY_SALE)
    nodes = wire.purchase(table.patient, lines, table.moment)
    await table.desk.must_refuse(table.connection, table.desk.message("2102", nodes), NOT_ENTITLED)


async def nonsense(table: Table) -> None:
    """Unknown transactions, broken messages, other people's cards."""
    sent = table.desk.message("9999", {"data": {}})
    await table.desk.must_refuse(table.connection, sent, {"EXCH-008"})
    broken = Sent("2102", "", b'{"infno":"2102","input":{')
    await table.desk.must_refuse(table.connection, broken, {"EXCH-003"})
    other = wire.lookup(table.patient)
    other["data"]["psn_name"] = "冒名者"
    await table.desk.must_refuse(table.connection, table.desk.message("1101", other), {"EXCH-031"})
