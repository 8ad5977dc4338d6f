"""Two people: what is frozen, how many steps a case needs, who may take one. Pure rules of 经办→复核→审批."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """A step that cases of a kind need from an amount on: the function its decider must hold. Amounts in fen."""

    step: int
    function: str
    title: str
    from_amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a decision about a case is judged by. Persons are keyed hashes of natural persons, not accounts."""

    state: str
    maker: int
    maker_person: str
    subject_person: str
    payload_hash: str
    deciders: tuple[str, ...]


class Refusal(Enum):
    """Why an operator may not decide this case now, in the order of precedence."""

    NOT_PENDING = "not pending"
    NOT_IDENTIFIED = "reviewer's natural person is not known"
    OWN_CASE = "maker"
    SECOND_ACCOUNT = "same natural person as the maker"
    OWN_BENEFIT = "the case concerns the reviewer"
    DECIDED_BEFORE = "took an earlier step"
    CHANGED = "payload is not what was shown"


def canonical(payload: Mapping[str, Any]) -> str:
    """The one text of a payload: keys sorted, no spaces, no ASCII escapes; floats are refused.

    Raises:
        ValueError: the payload holds a float or something JSON does not know.
    """
    _refuse_floats(payload)
    try:
        return json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from error


class Private(str):
    """A text of a payload that names a person (ID number, telephone, address): the case keeps it encrypted."""

    __slots__ = ()


_HIDDEN = "private"
"""The one key of the object that stands in a payload where a private text was."""
SALT = 32
"""Characters in front of a kept private text, so that its digest can't be guessed from the few numbers there are."""


def hide(payload: Any, *, salt: Callable[[], str]) -> tuple[Any, dict[str, str]]:
    """The payload with digests in place of its private texts, and digest → salted text of each.

    Args:
        salt: gives ``SALT`` random characters.
    """
    if isinstance(payload, Private):
        kept = salt() + payload
        digest = hashlib.sha256(kept.encode()).hexdigest()
        return {_HIDDEN: digest}, {digest: kept}
    if isinstance(payload, Mapping):
        parts = {name: hide(value, salt=salt) for name, value in payload.items()}
        return {name: part for name, (part, _) in parts.items()}, _merged(kept for _, kept in parts.values())
    if isinstance(payload, list | tuple):
        listed = [hide(value, salt=salt) for value in payload]
        return [part for part, _ in listed], _merged(kept for _, kept in listed)
    return payload, {}


def reveal(payload: Any, *, kept: Mapping[str, str]) -> Any:
    """The payload with its private texts again.

    Raises:
        ValueError: a text is missing or not what was handed in.
    """
    if isinstance(payload, Mapping):
        if payload.keys() == {_HIDDEN}:
            text = kept.get(str(payload[_HIDDEN]), "")
            if hashlib.sha256(text.encode()).hexdigest() != payload[_HIDDEN]:
                raise ValueError("a private text is not what was handed in")
            return text[SALT:]
        return {name: reveal(value, kept=kept) for name, value in payload.items()}
    if isinstance(payload, list):
        return [reveal(value, kept=kept) for value in payload]
    return payload


def veil(payload: Any, *, instead: str) -> Any:
    """The payload for the screen, with ``instead`` where a private text was."""
    if isinstance(payload, Mapping):
        return instead if payload.keys() == {_HIDDEN} else {n: veil(v, instead=instead) for n, v in payload.items()}
    return [veil(value, instead=instead) for value in payload] if isinstance(payload, list) else payload


def _merged(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {digest: text for part in parts for digest, text in part.items()}


def seal(*, kind: str, area: str, amount: int, payload_text: str, attachments: Sequence[str]) -> str:
    """SHA-256 over everything a reviewer decides on: kind, area, amount, payload and the attachments' digests."""
    parts = [kind, area, str(amount), payload_text, *attachments]
    framed = b"".join(len(raw := part.encode()).to_bytes(8, "big") + raw for part in parts)
    return hashlib.sha256(framed).hexdigest()


def steps_for(*, rules: Iterable[StepRule], amount: int) -> tuple[StepRule, ...]:
    """The steps that a case of this amount in fen needs, in order."""
    return tuple(sorted((rule for rule in rules if rule.from_amount <= abs(amount)), key=lambda rule: rule.step))


def refusal(*, case: Facts, reviewer: int, persons: frozenset[str], seen_hash: str, pending: str) -> Refusal | None:
    """Why this operator may not decide, or None. ``seen_hash`` is the seal of what was on the screen.

    ``persons`` is the reviewer's natural person under every key that hashes of this time may have been made with.

    Source: R1.4.09, R4.02, R4.05: who enters does not review, nor does the same person through another account.
    """
    checks = (
        (case.state != pending, Refusal.NOT_PENDING),
        (not persons, Refusal.NOT_IDENTIFIED),
        (reviewer == case.maker, Refusal.OWN_CASE),
        (case.maker_person in persons, Refusal.SECOND_ACCOUNT),
        (case.subject_person in persons, Refusal.OWN_BENEFIT),
        (not persons.isdisjoint(case.deciders), Refusal.DECIDED_BEFORE),
        (seen_hash != case.payload_hash, Refusal.CHANGED),
    )
    return next((reason for holds, reason in checks if holds), None)


def differences(*, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Names of the fields in which two blind entries of one document differ, in alphabetical order (双人盲录)."""
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def sample(*, ids: Iterable[int], seed: str, size: int) -> list[int]:
    """A sample that anyone can draw again: the ids whose SHA-256 with the seed is smallest (随机抽查)."""
    ranked = sorted(set(ids), key=lambda each: (hashlib.sha256(f"{seed}:{each}".encode()).digest(), each))
    return ranked[: max(0, size)]


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a payload holds no floats: amounts are integer fen, ratios integers")
    if isinstance(value, Mapping):
        for each in value.values():
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)
