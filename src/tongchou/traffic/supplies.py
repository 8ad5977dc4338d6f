"""What the played institutions know: themselves, their price lists, and people who come to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from random import Random

from tongchou.kernel.money import divide_half_up

HOSPITAL, PHARMACY = "1", "2"
EMPLOYEES = "310"
OUTPATIENT, INPATIENT, PHARMACY_SALE = "o", "i", "p"
"""Settings in which an item is charged."""
PATIENTS_PER_DRAW = 100
TRIES = 500
MICRO_TIMES_TEN_THOUSANDTHS_PER_FEN = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Somebody who comes to a counter; card and token are empty where there is none. ``family``: may use a relative's account."""

    person_number: str
    cert_type: str
    cert_no: str
    name: str
    scheme: str
    person_type: str
    entitled: bool
    card_number: str = ""
    card_serial: str = ""
    token: str = ""
    diseases: tuple[str, ...] = ()
    family: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceItem:
    """An item on a price list; price in 1/1,000,000 yuan. ``settings``: o outpatient, i inpatient, p pharmacy."""

    item_code: str
    local_code: str
    unit_price: int
    settings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """An institution that plays, with its relative number of visits."""

    code: str
    name: str
    kind: str
    area: str
    share: int
    prices: tuple[PriceItem, ...]


@dataclass(frozen=True, slots=True)
class Supplies:
    """Institutions by kind, people by what they can be used for, and what brings them."""

    hospitals: tuple[Institution, ...]
    pharmacies: tuple[Institution, ...]
    insured: People
    unentitled: tuple[Patient, ...]
    outpatient_diseases: tuple[tuple[str, str], ...]
    inpatient_diseases: tuple[tuple[str, str], ...]


class People:
    """Insured people, lent out one scene at a time: nobody is at two counters at once."""

    def __init__(self, patients: Sequence[Patient]) -> None:
        self._free = list(patients)

    def take(
        self, random: Random, *, scheme: str | None = None, suits: Callable[[Patient], bool] = lambda _: True
    ) -> Patient:
        """Somebody who is free, of a scheme if one is given, and suits.

        Raises:
            LookupError: nobody was found.
        """
        for _ in range(TRIES):
            if not self._free:
                break
            place = random.randrange(len(self._free))
            patient = self._free[place]
            if scheme in (None, patient.scheme) and suits(patient):
                self._free[place] = self._free[-1]
                self._free.pop()
                return patient
        raise LookupError("no suitable patient is free")

    def give_back(self, patient: Patient) -> None:
        """The scene is over; the person may come again."""
        self._free.append(patient)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill as the institution prices it: quantity 1/10,000, price 1/1,000,000 yuan, amount fen."""

    item: PriceItem
    quantity: int
    amount: int


def load(*, patients: int, seed: int, on: date) -> Supplies:
    """Supplies from the demo city.

    Raises:
        Rejection: DEMO-004 there is no city to play in.
        LookupError: the city has no hospitals, pharmacies or insured people.
    """
    from tongchou.demo import api as demo

    people = _people(patients, seed, on)
    institutions = [
        Institution(
            code=site.code,
            name=site.name,
            kind=site.kind,
            area=demo.CITY,
            share=site.share,
            prices=tuple(
                PriceItem(
                    item_code=row.item_code, local_code=row.local_code, unit_price=row.price, settings=row.settings
                )
                for row in demo.price_list(institution_code=site.code, on=on)
            ),
        )
        for site in demo.sites(on=on)
    ]
    diagnoses = demo.diagnoses()
    supplies = Supplies(
        hospitals=tuple(each for each in institutions if each.kind == HOSPITAL and each.prices),
        pharmacies=tuple(each for each in institutions if each.kind == PHARMACY and each.prices),
        insured=People([each for each in people if each.entitled]),
        unentitled=tuple(each for each in people if not each.entitled),
        outpatient_diseases=tuple((row.code, row.name) for row in diagnoses if OUTPATIENT in row.settings),
        inpatient_diseases=tuple((row.code, row.name) for row in diagnoses if INPATIENT in row.settings),
    )
    if not supplies.hospitals or not supplies.pharmacies or not any(each.entitled for each in people):
        raise LookupError("no hospitals, pharmacies or insured people")
    return supplies


def _people(limit: int, seed: int, on: date) -> list[Patient]:
    """A sample of the city, drawn in runs of neighbours so that a million people need not be read."""
    from tongchou.demo import api as demo

    random = Random(seed)  # noqa: S311 - dice, not secrets
    low, high = demo.person_id_range()
    found: dict[str, Patient] = {}
    for _ in range(4 * (limit // PATIENTS_PER_DRAW + 1)):
        if len(found) >= limit:
            break
        for row in islice(demo.patients(on=on, after=random.randint(low, high) - 1), PATIENTS_PER_DRAW):
            found[row.number] = Patient(
                person_number=row.number,
                cert_type="01",
                cert_no=row.cert_no,
                name=row.name,
                scheme=row.scheme,
                person_type=row.person_type,
                entitled=row.entitled,
                card_number=row.card,
                card_serial=row.card_serial,
                token=row.token,
                diseases=row.diseases,
                family=row.family,
            )
    return list(found.values())


def bill(institution: Institution, random: Random, *, lines: int, setting: str) -> list[Line]:
    """Some lines from an institution's price list for a setting (o, i, p); price × quantity rounded half up to the fen."""
    prices = [each for each in institution.prices if setting in each.settings]
    chosen = random.sample(prices, min(lines, len(prices)))
    return [priced(item, random.choice((1, 1, 1, 2, 2, 3, 5)) * 10_000) for item in chosen]


def priced(item: PriceItem, quantity: int) -> Line:
    """A line for a quantity (1/10,000 units; negative for a refund)."""
    return Line(item, quantity, divide_half_up(item.unit_price * quantity, MICRO_TIMES_TEN_THOUSANDTHS_PER_FEN))
