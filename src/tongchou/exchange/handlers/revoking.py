"""Taking back: 2103, 2208, 2305 (a settlement, by its number) and 2601 (whatever a message did, by its message id)."""

from __future__ import annotations

from tongchou.exchange import rejections
from tongchou.exchange.answers import settlement_output
from tongchou.exchange.envelope import Message
from tongchou.exchange.handlers.lines import number_of
from tongchou.exchange.kinds import Render
from tongchou.settlement import api as settlement

REVOKES = {"2103": "2102", "2208": "2207", "2305": "2304"}
"""Which transaction's settlements a revocation takes back."""


def revoke(message: Message, receipt: settlement.Receipt, render: Render) -> bytes:
    """Reverse a settlement exactly. The answer shows the new, negative settlement.

    Raises:
        Rejection: EXCH-033 wrong numbers; SETL-… unknown, of another institution, already revoked.
    """
    data = message.nodes["data"]
    visit = number_of(data["mdtrt_id"], "mdtrt_id")

    def answer(view: settlement.SettlementView) -> bytes:
        if view.encounter_id != visit:  # nothing is written when the answer refuses
            raise rejections.WRONG_ID(name="mdtrt_id", value=data["mdtrt_id"], field="mdtrt_id")
        return render(settlement_output(message.transaction, view))

    return settlement.revoke(
        receipt=receipt,
        settlement_id=number_of(data["setl_id"], "setl_id"),
        person_number=data["psn_no"],
        answer=answer,
        now=message.received_at,
        settled_by=REVOKES[message.transaction],
    )


def undo(message: Message, receipt: settlement.Receipt, render: Render) -> bytes:
    """2601: undo what a message did whose answer the institution never saw. Output is empty."""
    data = message.nodes["data"]
    return settlement.undo(
        receipt=receipt,
        original_message_id=data["omsgid"],
        original_transaction=data["oinfno"],
        person_number=data["psn_no"],
        answer=lambda _: render(None),
        now=message.received_at,
    )
