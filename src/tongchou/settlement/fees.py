"""Fee lines of an encounter: upload with the split of each line, withdraw (2204, 2205, 2301, 2302).

Each function is one transaction, or joins the one it is called in: messages call it inside
:func:`tongchou.settlement.receipts.once`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from django.db import transaction

from tongchou.kernel.money import format_yuan
from tongchou.settlement import planning, rejections
from tongchou.settlement.core import bill as bills
from tongchou.settlement.core.bill import PricedLine
from tongchou.settlement.core.decision import med_type_of
from tongchou.settlement.core.inputs import LineInput
from tongchou.settlement.core.tables import DEFAULT_MED_TYPE
from tongchou.settlement.core.views import LineSplitView
from tongchou.settlement.database import as_json, run
from tongchou.settlement.drafting import DISCHARGED, OPEN, SETTLED, institution, line_view
from tongchou.settlement.encounters import own, refuse_other_kind, refuse_state
from tongchou.settlement.models import Encounter
from tongchou.settlement.reading import Question, local_day, read_snapshots

ALL = "0000"
"""The batch or line number that stands for everything unsettled (interface section 6)."""

_INSERT = """
INSERT INTO settlement_feeline SELECT f.* FROM json_populate_recordset(NULL::settlement_feeline, %s::json) AS f
RETURNING 1
"""
_KNOWN = """
SELECT line_no, amount, original_line_no FROM settlement_feeline
WHERE fee_month = %s AND encounter_id = %s AND (line_no = ANY (%s) OR original_line_no = ANY (%s))
"""


@transaction.atomic(savepoint=False)
def upload_lines(
    *,
    institution_code: str,
    encounter_id: int,
    person_number: str,
    lines: Sequence[LineInput],
    stay: bool | None = None,
    med_types: Collection[str] = (),
) -> list[LineSplitView]:
    """Upload fee lines of an encounter and say how each splits.

    Args:
        stay: whether it must be a hospital stay (2301) or must not (2204); ``None`` for either.
        med_types: what the lines say the visit is (2301); it must be what the admission said.

    Raises:
        Rejection: SETL-030, SETL-031, SETL-034, SETL-047, SETL-021 … SETL-027, SETL-054 a refund without its original, POL-03x.
    """
    encounter = own(encounter_id=encounter_id, institution_code=institution_code, person_number=person_number)
    med_type = med_type_of(encounter.med_type or DEFAULT_MED_TYPE)
    if stay is not None:
        refuse_other_kind(encounter, stay=stay, action="上传费用明细")
    for code in med_types:
        if code != encounter.med_type:
            raise rejections.MED_TYPE_DIFFERS(med_type=code, registered=encounter.med_type)
    allowed = (OPEN, DISCHARGED) if med_type.stay else (OPEN, SETTLED)
    refuse_state(encounter, allowed, action="上传费用明细", hint="已结算的请先撤销结算；已撤销的请重新登记")
    if not lines:
        raise rejections.NO_LINES()
    bills.check_numbers(lines)
    _check_known(encounter, lines)
    priced = _price(encounter, lines)
    views = [line_view(line, encounter.fee_month, encounter.pk, None) for line in priced]
    run(_INSERT, (as_json(views),))
    if encounter.status == SETTLED:
        encounter.status = OPEN
        encounter.save(update_fields=["status"])
    return views


def _price(encounter: Encounter, lines: Sequence[LineInput]) -> list[PricedLine]:
    """Price every line on its own day: catalogue, mapping and line rules are those in force when the fee arose."""
    by_day: defaultdict[date, list[LineInput]] = defaultdict(list)
    for line in lines:
        by_day[local_day(line.occurred_at)].append(line)
    code = encounter.med_type or DEFAULT_MED_TYPE
    priced: dict[int, PricedLine] = {}
    for day, group in by_day.items():
        question = Question(institution="", message="", person="", scheme=encounter.scheme, day=day, today=day)
        snapshot = read_snapshots([question])[0]
        provider = institution(encounter.institution_code, code, snapshot)
        plan = planning.choose_plan(area=encounter.area, scheme=encounter.scheme, med_type=med_type_of(code), on=day)
        revision = snapshot.catalogue_revision
        found = bills.price_lines(
            lines=group,
            terms=planning.catalogue.terms(
                codes=[line.item_code for line in group],
                scheme=encounter.scheme,
                on=day,
                level=provider.level,
                revision=revision,
            ),
            mapping=planning.catalogue.mapping(
                institution_code=provider.code,
                local_codes=[line.local_code for line in group],
                on=day,
                revision=revision,
            ),
            plan=plan,
            scheme=encounter.scheme,
            day=day,
        )
        priced.update({entry.line.line_no: entry for entry in found})
    return [priced[line.line_no] for line in lines]


def _check_known(encounter: Encounter, lines: Sequence[LineInput]) -> None:
    """Refuse numbers that are taken, and refunds of more than what is left of their originals."""
    numbers = [line.line_no for line in lines]
    originals = [line.original_line_no for line in lines if line.original_line_no is not None]
    known = run(_KNOWN, (encounter.fee_month, encounter.pk, [*numbers, *originals], originals))
    taken = {number for number, _, _ in known}
    for number in numbers:
        if number in taken:
            raise rejections.DUPLICATE_LINE(line_no=number)
    left: defaultdict[int, int] = defaultdict(int)
    for number, amount, original in known:
        left[original if original in originals else number] += amount
    for line in lines:
        left[line.line_no] += line.amount if line.original_line_no is None else 0
    for line in lines:
        original = line.original_line_no
        if original is not None:
            if left[original] + line.amount < 0 or line.amount > 0:
                shown = format_yuan(max(0, left[original]))
                raise rejections.REFUND_WITHOUT_ORIGINAL(line_no=line.line_no, original=original, left=shown)
            left[original] += line.amount


@transaction.atomic(savepoint=False)
def withdraw_lines(
    *,
    institution_code: str,
    encounter_id: int,
    person_number: str,
    batch: str | None = None,
    line_nos: Sequence[int] | None = None,
    stay: bool | None = None,
) -> int:
    """Withdraw unsettled lines: of one batch (2205), by number (2302), or all (batch ``0000``, or neither given).

    Args:
        stay: as for :func:`upload_lines`.

    Returns:
        How many lines were withdrawn.

    Raises:
        Rejection: SETL-030, SETL-047, SETL-038 a line is settled, SETL-039 not found, SETL-048 a refund of it stays.
    """
    encounter = own(encounter_id=encounter_id, institution_code=institution_code, person_number=person_number)
    if stay is not None:
        refuse_other_kind(encounter, stay=stay, action="撤销费用明细")
    key = (encounter.fee_month, encounter.pk)
    missing: list[object]
    if line_nos:
        found = dict(run(f"{_SELECT} AND line_no = ANY (%s)", (*key, list(line_nos))))
        missing = [number for number in line_nos if number not in found]
    elif batch and batch != ALL:
        found = dict(run(f"{_SELECT} AND batch = %s", (*key, batch)))
        missing = [] if found else [batch]
    else:
        found = dict(run(f"{_SELECT} AND settlement_id IS NULL", key))
        missing = []
    if missing:
        raise rejections.UNKNOWN_LINES(line_no="、".join(map(str, missing[:10])))
    settled = [number for number, settlement in found.items() if settlement is not None]
    if settled:
        raise rejections.LINES_SETTLED(line_no="、".join(map(str, settled[:10])))
    for refund, original in run(_REFUNDS, (*key, list(found))):
        if refund not in found:
            raise rejections.REFUNDED_LINE(line_no=original, refund=refund)
    run(f"{_DELETE} AND line_no = ANY (%s) RETURNING 1", (*key, list(found)))
    return len(found)


_SELECT = "SELECT line_no, settlement_id FROM settlement_feeline WHERE fee_month = %s AND encounter_id = %s"
_REFUNDS = """
SELECT line_no, original_line_no FROM settlement_feeline
WHERE fee_month = %s AND encounter_id = %s AND original_line_no = ANY (%s) ORDER BY line_no
"""
_DELETE = "DELETE FROM settlement_feeline WHERE fee_month = %s AND encounter_id = %s"
