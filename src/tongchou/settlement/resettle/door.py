"""What other rooms may use of the re-run; ``settlement.api`` names it ``resettle``."""

from tongchou.settlement.jobs import BOOK, TRY
from tongchou.settlement.resettle.choosing import Chooser, Scope
from tongchou.settlement.resettle.evaluating import Trial, try_person
from tongchou.settlement.resettle.lists import check_list, list_template
from tongchou.settlement.resettle.models import Replacement, ResettledPerson, Resettlement
from tongchou.settlement.resettle.reading import read_states
from tongchou.settlement.resettle.report import owes, payer_rows, reasons
from tongchou.settlement.resettle.runs import (
    AT_ONCE,
    approve_run,
    book_row,
    check_period,
    check_submittable,
    default_period,
    drop_run,
    finish_booking,
    make_run,
    mark_submitted,
    next_to_book,
    payload_of,
    scope_of,
    try_all,
)

__all__ = [
    "AT_ONCE",
    "BOOK",
    "TRY",
    "Chooser",
    "Replacement",
    "ResettledPerson",
    "Resettlement",
    "Scope",
    "Trial",
    "approve_run",
    "book_row",
    "check_list",
    "check_period",
    "check_submittable",
    "default_period",
    "drop_run",
    "finish_booking",
    "list_template",
    "make_run",
    "mark_submitted",
    "next_to_book",
    "owes",
    "payer_rows",
    "payload_of",
    "read_states",
    "reasons",
    "scope_of",
    "try_all",
    "try_person",
]
