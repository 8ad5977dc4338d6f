"""Pharmacy sales: 2101 pre-settle, 2102 settle, 2103 revoke. The lines come with the message."""

from __future__ import annotations

import msgspec

from tongchou.exchange.answers import settlement_output
from tongchou.exchange.envelope import Message
from tongchou.exchange.handlers.lines import line_inputs
from tongchou.exchange.handlers.moments import refuse_future
from tongchou.exchange.handlers.persons import check_identity
from tongchou.exchange.handlers.revoking import revoke
from tongchou.exchange.kinds import OwnReceipt, Query, Settle, Transaction
from tongchou.settlement import api as settlement


def purchase_of(message: Message) -> settlement.PurchaseInput:
    """The sale that a 2101 or 2102 describes.

    Raises:
        Rejection: EXCH-034 it is of a day to come.
    """
    refuse_future(message, "druginfo", "begntime")
    refuse_future(message, "drugdetail", "fee_ocur_time")
    data = message.nodes["druginfo"]
    rows = message.nodes["drugdetail"]
    traces = message.nodes.get("durg_trac_info")
    if traces:  # the other edition sends the trace codes beside the lines instead of inside them
        for row in rows:
            own = [trace for trace in traces if trace["feedetl_sn"] == str(row["feedetl_sn"])]
            row["durg_trac_info"] = row.get("durg_trac_info") or own or None
    return settlement.PurchaseInput(
        person_number=data["psn_no"],
        scheme=data["insutype"],
        med_type=data["med_type"],
        begin_at=data["begntime"],
        disease_code=data["dise_codg"] or "",
        disease_name=data["dise_name"] or "",
        claimed_total=data["medfee_sumamt"],
        account_used=data["acct_used_flag"],
        lines=line_inputs(rows),
        invoice_no=data.get("invono") or "",
        details={"mdtrt_cert_type": data["mdtrt_cert_type"]},
    )


def pre_settle(message: Message) -> object:
    """2101: what a sale would cost; nothing is written. The mandatory mdtrt_id is a number that nothing else will have."""
    view = settlement.pre_settle(
        institution_code=message.institution_code, request=purchase_of(message), now=message.received_at
    )
    return settled(message, msgspec.structs.replace(view, encounter_id=settlement.next_id(message.received_at)))


def settled(message: Message, view: settlement.SettlementView) -> object:
    """The output of 2101 and 2102. A refusal here comes before anything is written.

    Raises:
        Rejection: EXCH-031 the buyer is not the person.
    """
    data = message.nodes["druginfo"]
    check_identity(view.person, data)
    return settlement_output(
        message.transaction, view, mdtrt_cert_type=data["mdtrt_cert_type"], medins_setl_id=message.message_id
    )


TRANSACTIONS: dict[str, Transaction] = {
    "2101": Query(pre_settle),
    "2102": Settle(purchase_of, settled),
    "2103": OwnReceipt(revoke),
}
