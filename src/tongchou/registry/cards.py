"""Use cases of cards (IC卡管理): make, report loss, lift the loss, replace. A replaced card never comes back."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from tongchou.registry import rejections
from tongchou.registry.core import CardView
from tongchou.registry.models import Card, Person
from tongchou.registry.queries import card_view, cards_numbered
from tongchou.registry.services import recorded

KINDS = {"01": "医保电子凭证", "03": "社会保障卡"}


def issue_card(
    *, person_id: int, kind: str, number: str, serial: str = "", issued_on: date | None = None, operator: str = ""
) -> CardView:
    """Issue a social security card (03) or enter an activated e-credential (01).

    Raises:
        Rejection: REG-001 unknown person, REG-014 number taken, REG-015 the person has a card of this kind that is in use
            or reported lost, REG-017 kind.
    """
    if kind not in KINDS:
        raise rejections.UNKNOWN_MEANS(kind=kind)
    with recorded(operator):
        person = Person.objects.select_for_update().filter(pk=person_id).first()
        if person is None:
            raise rejections.UNKNOWN_PERSON(means="内部编号", number=person_id)
        held = Card.objects.filter(person=person, kind=kind, replaced_by__isnull=True).first()
        if held is not None:
            raise rejections.CARD_STATE(number=held.number, state=card_view(held).state, action="再次制发")
        card = Card(person=person, kind=kind, number=number, serial=serial, issued_on=issued_on)
        _save(card)
    return card_view(card)


def report_loss(*, kind: str, number: str, now: datetime, operator: str = "") -> CardView:
    """Stop a card that was lost (挂失).

    Raises:
        Rejection: REG-015 not in use, REG-016 unknown.
    """
    with recorded(operator, "挂失"):
        card = _locked(kind, number)
        if not card.active:
            raise rejections.CARD_STATE(number=number, state=card_view(card).state, action="挂失")
        card.active, card.lost_at = False, now
        card.save(update_fields=["active", "lost_at"])
    return card_view(card)


def lift_loss(*, kind: str, number: str, operator: str = "") -> CardView:
    """Put a card that was found again back into use (解挂).

    Raises:
        Rejection: REG-015 not reported lost, or replaced meanwhile; REG-016 unknown.
    """
    with recorded(operator, "解挂"):
        card = _locked(kind, number)
        if card.lost_at is None or card.replaced_by_id is not None:
            raise rejections.CARD_STATE(number=number, state=card_view(card).state, action="解挂")
        card.active, card.lost_at = True, None
        card.save(update_fields=["active", "lost_at"])
    return card_view(card)


def replace_card(
    *,
    kind: str,
    number: str,
    new_number: str,
    new_serial: str = "",
    issued_on: date | None = None,
    operator: str = "",
) -> CardView:
    """Issue a new card for one that was reported lost (补办); the old one is closed for good.

    Returns:
        The new card.

    Raises:
        Rejection: REG-014 number taken, REG-015 not reported lost or replaced before, REG-016 unknown.
    """
    with recorded(operator, "补办"):
        old = _locked(kind, number)
        if old.lost_at is None or old.replaced_by_id is not None:
            raise rejections.CARD_STATE(number=number, state=card_view(old).state, action="补办")
        new = Card(person_id=old.person_id, kind=kind, number=new_number, serial=new_serial, issued_on=issued_on)
        _save(new)
        old.replaced_by = new
        old.save(update_fields=["replaced_by"])
    return card_view(new)


def _locked(kind: str, number: str) -> Card:
    card = cards_numbered(number).select_for_update().filter(kind=kind).first()
    if card is None:
        raise rejections.UNKNOWN_CARD(number=number)
    return card


def _save(card: Card) -> None:
    # While search keys change, the other's row may still have the older hash, which no constraint compares.
    if cards_numbered(card.number).filter(kind=card.kind).exists():
        raise rejections.CARD_NUMBER_TAKEN(number=card.number)
    try:
        with transaction.atomic():
            card.save()
    except IntegrityError as error:
        if "card_number_hash_unique" not in str(error):
            raise
        raise rejections.CARD_NUMBER_TAKEN(number=card.number) from error
