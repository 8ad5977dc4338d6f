"""The trial of a person: what would change, as data that is stored, reviewed, and compared again before it is booked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tongchou.settlement.core.rerun import Change, Refused, Rerun, Standing, rerun
from tongchou.settlement.resettle.choosing import Chooser, Scope
from tongchou.settlement.resettle.reading import PersonState, SchemeState

Row = dict[str, Any]
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The result for one person; ``proposal`` is what is stored and sealed. Sums of the differences in fen."""

    person_id: int
    number: str
    changes: tuple[Change, ...]
    refused: tuple[Refused, ...]
    seen: int
    evaluated: int
    proposal: Row
    digest: str
    fund: int
    account: int
    cash: int


def try_person(state: PersonState, choose: Chooser) -> Trial:
    """Evaluate a person's settlements again, scheme by scheme."""
    found = [_scheme(part, choose) for part in state.schemes]
    changes = tuple(change for one in found for change in one.changes)
    refused = tuple(each for one in found for each in one.refused)
    proposal = proposal_of(changes, refused)
    return Trial(
        person_id=state.id,
        number=state.number,
        changes=changes,
        refused=refused,
        seen=sum(one.seen for one in found),
        evaluated=sum(one.evaluated for one in found),
        proposal=proposal,
        digest=digest_of(proposal),
        fund=sum(change.fund_pay - change.old.fund_pay for change in changes),
        account=sum(change.account_pay - change.old.account_pay for change in changes),
        cash=sum(change.cash_pay - change.old.cash_pay for change in changes),
    )


def try_persons(states: Sequence[PersonState], choose: Chooser) -> Iterator[Trial]:
    """Evaluate the settlements of several persons again; what they need besides is read for all at once."""
    choose.look_ahead(
        one for state in states for part in state.schemes for one in affected(part.standing, choose.scope)
    )
    for state in states:
        yield try_person(state, choose)


def _scheme(part: SchemeState, choose: Chooser) -> Rerun:
    standing = affected(part.standing, choose.scope)
    if not standing:
        return Rerun()
    balance = part.account.balance if part.account is not None else 0
    return rerun(standing=standing, counters=part.counters, balance=balance, choose=choose)


def affected(standing: Sequence[Standing], scope: Scope) -> Sequence[Standing]:
    """From the first settlement inside the scope on: the ones after it may have to follow, those before it can't."""
    first = next((n for n, one in enumerate(standing) if scope.covers(one)), len(standing))
    return standing[first:]


def proposal_of(changes: Iterable[Change], refused: Iterable[Refused]) -> Row:
    """The result as JSON: per settlement the old and new figures per layer and payer, and why."""
    return {
        "changes": [_change_row(change) for change in changes],
        "refused": [
            {"settlement": str(each.old.id), **_place(each.old), "code": each.code, "message": each.message,
             "remedy": each.remedy}
            for each in refused
        ],
    }  # fmt: skip


def digest_of(proposal: Row) -> str:
    """SHA-256 over a proposal: the same trial gives the same digest."""
    return hashlib.sha256(_encode(proposal)).hexdigest()


def _change_row(change: Change) -> Row:
    old = change.old
    titles = {layer.id: layer.title for layer in change.choice.plan.layers}
    then = {(payment.layer, payment.fund): payment.amount for payment in old.payments}
    now = {(payment.layer, payment.fund): payment.amount for payment in change.payments}
    return {
        "settlement": str(old.id),
        "told": str(old.root),
        **_place(old),
        "plan": change.choice.plan.id,
        "package": change.choice.plan.package_hash,
        "person_type": change.choice.person_type,
        "layers": [
            {"layer": layer, "title": titles.get(layer, layer), "fund": fund, "before": then.get((layer, fund), 0),
             "after": now.get((layer, fund), 0)}
            for layer, fund in {**then, **now}
        ],
        "fund": [old.fund_pay, change.fund_pay],
        "account": [old.account_pay, change.account_pay],
        "cash": [old.cash_pay, change.cash_pay],
        "deductible": [old.deductible, change.deductible],
        "bill": [list(old.bill), list(change.choice.bill)],
        "delta": {period: dict(values) for period, values in change.delta.items()},
        "causes": [[cause.kind, cause.title, cause.before, cause.after] for cause in change.causes],
    }  # fmt: skip


def _place(old: Standing) -> Row:
    return {
        "day": old.day.isoformat(),
        "institution": old.institution_code,
        "scheme": old.scheme,
        "benefit": old.benefit,
        "total": old.bill.total,
        "closed_day": old.business_date.isoformat(),
    }
