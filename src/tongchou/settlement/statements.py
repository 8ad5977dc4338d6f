"""Reconciliation with institutions (3201 totals, 3202 details). Every answer is kept with both sides' figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from tongchou.kernel.money import format_yuan
from tongchou.settlement import rejections
from tongchou.settlement.database import run
from tongchou.settlement.models import Reconciliation
from tongchou.settlement.reading import LOCAL

LONGEST_DAYS = 366
EQUAL, DIFFERS, INSTITUTION_EXTRA, CENTRE_EXTRA = "equal", "differs", "institution_extra", "centre_extra"
MEMOS = {
    EQUAL: "一致",
    DIFFERS: "不一致",
    INSTITUTION_EXTRA: "机构有、中心无",
    CENTRE_EXTRA: "中心有、机构无，可用 2601 按报文ID冲正",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which settlements are compared: an institution's, settled on the days [begin, end]; empty text means all.

    ``refund`` is refd_setl_flag: ``0`` only settlements, ``1`` only revocations, empty for both.
    """

    institution_code: str
    begin: date
    end: date
    scheme: str = ""
    clearing_type: str = ""
    refund: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums in fen and the number of settlements; a revocation counts as one, with its negative amounts."""

    total: int
    fund_pay: int
    account_pay: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTotals:
    """The answer to 3201."""

    equal: bool
    claimed: Totals
    own: Totals
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailClaim:
    """One row of the institution's list (3202). ``refund``: it is a revocation, with negative amounts."""

    settlement_id: int
    encounter_id: int
    person_number: str
    total: int
    fund_pay: int
    account_pay: int
    refund: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailResult:
    """One row of the answer to 3202. What only the centre has comes without ids, but with the message to undo."""

    result: str
    memo: str
    person_number: str
    encounter_id: int | None
    settlement_id: int | None
    message_id: str
    refund: bool
    total: int
    fund_pay: int
    account_pay: int


_SEEN = """
NOT EXISTS (
    SELECT 1 FROM settlement_receipt r
    WHERE r.institution_code = s.institution_code AND r.message_id = s.message_id
    AND (r.undone_by <> '' OR r.transaction IN ('2601', 'RERUN')))
AND NOT EXISTS (
    SELECT 1 FROM settlement_settlement a
    WHERE a.encounter_id = s.encounter_id AND a.message_id = s.message_id AND a.direction = s.direction AND a.id < s.id)
"""
_WHERE = f"""
s.institution_code = %(institution)s AND s.settled_at >= %(begin)s AND s.settled_at < %(end)s
AND (%(scheme)s = '' OR s.scheme = %(scheme)s) AND (%(clearing)s = '' OR s.clearing_type = %(clearing)s)
AND (%(refund)s = '' OR (s.direction < 0) = (%(refund)s = '1'))
AND {_SEEN}
"""
# What 2601 undid, and the rows that undid it, count on neither side: the institution never saw that answer, so its list can
# hold neither of the two (for a revocation taken back: neither the revocation nor the settlement made again).
# What the centre made again (RERUN) changes nothing of what the institution was told: the settlement counts as it was, and a
# later revocation with the figures of that first settlement (``t``).
_TOLD = """
settlement_settlement s LEFT JOIN LATERAL (
    SELECT o.id, -o.fund_pay AS fund_pay, -o.account_pay AS account_pay FROM settlement_settlement o
    WHERE s.direction < 0 AND o.id = settlement_root(s.id)) AS t ON true
"""
_TOTALS = f"""
SELECT coalesce(sum(s.total), 0), coalesce(sum(coalesce(t.fund_pay, s.fund_pay)), 0),
       coalesce(sum(coalesce(t.account_pay, s.account_pay)), 0), count(*)
FROM {_TOLD} WHERE {_WHERE}
"""
_PARTS = f"""
SELECT s.institution_code, s.scheme, s.clearing_type, CASE WHEN s.direction < 0 THEN '1' ELSE '0' END,
       sum(s.total)::bigint, sum(coalesce(t.fund_pay, s.fund_pay))::bigint,
       sum(coalesce(t.account_pay, s.account_pay))::bigint, count(*)
FROM {_TOLD}
WHERE s.institution_code = ANY(%(institutions)s) AND s.settled_at >= %(begin)s AND s.settled_at < %(end)s AND {_SEEN}
GROUP BY 1, 2, 3, 4
"""
_DETAILS = f"""
SELECT s.id, s.encounter_id, p.number, s.total, coalesce(t.fund_pay, s.fund_pay),
       coalesce(t.account_pay, s.account_pay), s.direction < 0, s.message_id, coalesce(t.id, s.reversal_of_id)
FROM {_TOLD} JOIN registry_person p ON p.id = s.person_id WHERE {_WHERE} ORDER BY s.settled_at, s.id
"""


def statement_totals(*, scope: Scope, claimed: Totals, now: datetime) -> StatementTotals:
    """Compare an institution's totals with the centre's (3201) and keep both.

    Raises:
        Rejection: SETL-061 the period is not valid.
    """
    own = totals_of(scope)
    texts = [
        f"{title}：机构 {format_yuan(mine)} 元，中心 {format_yuan(theirs)} 元，差 {format_yuan(mine - theirs)} 元"
        for title, mine, theirs in (
            ("医疗费总额", claimed.total, own.total),
            ("基金支付总额", claimed.fund_pay, own.fund_pay),
            ("个人账户支付", claimed.account_pay, own.account_pay),
        )
        if mine != theirs
    ]
    if claimed.count != own.count:
        texts.append(f"笔数：机构 {claimed.count}，中心 {own.count}")
    _keep("3201", scope, asdict(claimed), asdict(own), equal=not texts, now=now)
    return StatementTotals(equal=not texts, claimed=claimed, own=own, description="；".join(texts) or "对账一致")


def totals_of(scope: Scope) -> Totals:
    """The centre's totals for a scope.

    Raises:
        Rejection: SETL-061.
    """
    total, fund_pay, account_pay, count = run(_TOTALS, _given(scope))[0]
    return Totals(total=int(total), fund_pay=int(fund_pay), account_pay=int(account_pay), count=count)


@dataclass(frozen=True, slots=True)
class DayParts:
    """The centre's totals of some institutions' days, cut so finely that every scope is a sum of parts."""

    parts: tuple[tuple[str, str, str, str, Totals], ...]

    def totals_of(self, scope: Scope) -> Totals:
        """As :func:`totals_of` of a scope with the same days, without asking the database again."""
        asked = (scope.institution_code, scope.scheme, scope.clearing_type, scope.refund)
        chosen = [
            part[4] for part in self.parts if all(want in ("", have) for want, have in zip(asked, part, strict=False))
        ]
        return Totals(
            total=sum(part.total for part in chosen),
            fund_pay=sum(part.fund_pay for part in chosen),
            account_pay=sum(part.account_pay for part in chosen),
            count=sum(part.count for part in chosen),
        )


def parts_of(*, institutions: Sequence[str], begin: date, end: date) -> DayParts:
    """The totals of all scopes of these institutions over the days [begin, end], in one query.

    Raises:
        Rejection: SETL-061.
    """
    given = _given(Scope(institution_code="", begin=begin, end=end)) | {"institutions": list(institutions)}
    found = run(_PARTS, given)
    return DayParts(
        tuple(
            (code, scheme, clearing, refund, Totals(total=total, fund_pay=fund, account_pay=account, count=count))
            for code, scheme, clearing, refund, total, fund, account, count in found
        )
    )


def statement_details(*, scope: Scope, rows: Sequence[DetailClaim], now: datetime) -> list[DetailResult]:
    """Compare an institution's list with the centre's, row by row (3202), and keep both totals.

    A row is found by its settlement id; a revocation also by the id of the settlement it revokes.

    Raises:
        Rejection: SETL-061.
    """
    own = [_own_row(row) for row in run(_DETAILS, _given(scope))]
    by_key: dict[tuple[int | None, bool], dict[str, Any]] = {}
    for entry in own:
        by_key[entry["settlement_id"], entry["refund"]] = entry
        if entry["reversal_of"] is not None:
            by_key.setdefault((entry["reversal_of"], True), entry)
    results, met = [], set()
    for claim in rows:
        found = by_key.get((claim.settlement_id, claim.refund))
        if found is None or found["settlement_id"] in met:
            results.append(_result(INSTITUTION_EXTRA, claim=claim, note="" if found is None else "：重复列出"))
            continue
        met.add(found["settlement_id"])
        note = _difference(claim, found)
        results.append(_result(DIFFERS if note else EQUAL, claim=claim, own=found, note=note))
    results += [_result(CENTRE_EXTRA, own=entry) for entry in own if entry["settlement_id"] not in met]
    claimed = {"total": sum(row.total for row in rows), "fund_pay": sum(row.fund_pay for row in rows),
               "account_pay": sum(row.account_pay for row in rows), "count": len(rows)}  # fmt: skip
    mine = asdict(totals_of(scope))
    _keep("3202", scope, claimed, mine, equal=all(entry.result == EQUAL for entry in results), now=now)
    return results


def _own_row(row: tuple[Any, ...]) -> dict[str, Any]:
    names = (
        "settlement_id", "encounter_id", "person_number", "total", "fund_pay", "account_pay", "refund", "message_id",
        "reversal_of",
    )  # fmt: skip
    return dict(zip(names, row, strict=True))


def _difference(claim: DetailClaim, own: dict[str, Any]) -> str:
    """What of a row the centre has otherwise; empty when nothing."""
    if (claim.total, claim.fund_pay, claim.account_pay) != (own["total"], own["fund_pay"], own["account_pay"]):
        return (
            f"：中心总额 {format_yuan(own['total'])}、基金 {format_yuan(own['fund_pay'])}、"
            f"个账 {format_yuan(own['account_pay'])} 元"
        )
    if claim.person_number != own["person_number"]:
        return "：人员编号不是该结算的参保人"
    return "" if claim.encounter_id == own["encounter_id"] else f"：就诊ID应为 {own['encounter_id']}"


def _result(
    kind: str, *, claim: DetailClaim | None = None, own: dict[str, Any] | None = None, note: str = ""
) -> DetailResult:
    memo = MEMOS[kind] + note
    if claim is not None:
        return DetailResult(
            result=kind,
            memo=memo,
            person_number=claim.person_number,
            encounter_id=claim.encounter_id,
            settlement_id=claim.settlement_id,
            message_id=own["message_id"] if own is not None else "",
            refund=claim.refund,
            total=claim.total,
            fund_pay=claim.fund_pay,
            account_pay=claim.account_pay,
        )
    if own is None:
        raise AssertionError("a result without either side")
    return DetailResult(
        result=kind,
        memo=memo,
        person_number=own["person_number"],
        encounter_id=None,
        settlement_id=None,
        message_id=own["message_id"],
        refund=own["refund"],
        total=own["total"],
        fund_pay=own["fund_pay"],
        account_pay=own["account_pay"],
    )


def _given(scope: Scope) -> dict[str, Any]:
    if scope.end < scope.begin or (scope.end - scope.begin).days >= LONGEST_DAYS:
        raise rejections.BAD_PERIOD(begin=scope.begin, end=scope.end)
    return {
        "institution": scope.institution_code,
        "begin": datetime.combine(scope.begin, time.min, LOCAL),
        "end": datetime.combine(scope.end + timedelta(days=1), time.min, LOCAL),
        "scheme": scope.scheme,
        "clearing": scope.clearing_type,
        "refund": scope.refund,
    }


def _keep(
    transaction: str, scope: Scope, claimed: dict[str, int], own: dict[str, int], *, equal: bool, now: datetime
) -> None:
    Reconciliation.objects.create(
        institution_code=scope.institution_code,
        transaction=transaction,
        scheme=scope.scheme,
        clearing_type=scope.clearing_type,
        begin_date=scope.begin,
        end_date=scope.end,
        claimed={**claimed, "refund": scope.refund},
        own=own,
        equal=equal,
        created_at=now,
    )
