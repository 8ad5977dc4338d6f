"""Plays a day: a stream of scenes over all institutions, a bounded number at a time, reproducible from a seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from tongchou.traffic import mishaps, visits
from tongchou.traffic.books import Book
from tongchou.traffic.client import Connection, NoAnswer
from tongchou.traffic.desk import Desk, Failure, Refused
from tongchou.traffic.reconcile import Outcome, Reconciler
from tongchou.traffic.signer import Signer
from tongchou.traffic.supplies import EMPLOYEES, Institution, Patient, Supplies
from tongchou.traffic.visits import Scene, Table
from tongchou.traffic.wire import TIME_ZONE

PHARMACY, HOSPITAL, ANYBODY, UNINSURED = "pharmacy", "hospital", "anybody", "uninsured"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of scene: how often, where, and who can play it. ``outpatient`` scenes need somebody outpatient care is for."""

    name: str
    scene: Scene
    weight: int
    place: str
    who: str = ANYBODY
    outpatient: bool = False


KINDS = (
    Kind("药店购药", visits.sale, 300, PHARMACY, EMPLOYEES),
    Kind("门诊就诊", visits.outpatient, 380, HOSPITAL, outpatient=True),
    Kind("住院", visits.stay, 60, HOSPITAL),
    Kind("药店撤销", visits.sale_taken_back, 20, PHARMACY, EMPLOYEES),
    Kind("挂号撤销", visits.registration_taken_back, 20, HOSPITAL),
    Kind("门诊退费", visits.outpatient_refund, 30, HOSPITAL, outpatient=True),
    Kind("门诊撤销", visits.outpatient_taken_back, 15, HOSPITAL, outpatient=True),
    Kind("住院撤销", visits.stay_taken_back, 10, HOSPITAL),
    Kind("应答丢失后重发", mishaps.lost_and_repeated, 30, PHARMACY, EMPLOYEES),
    Kind("应答丢失后冲正", mishaps.lost_and_undone, 25, PHARMACY, EMPLOYEES),
    Kind("应答丢失未处理", mishaps.lost_and_forgotten, 10, PHARMACY, EMPLOYEES),
    Kind("入院冲正", mishaps.stay_lost_and_repeated, 5, HOSPITAL),
    Kind("重复报文", mishaps.sent_twice, 25, PHARMACY, EMPLOYEES),
    Kind("总额不符", mishaps.wrong_total, 20, PHARMACY, EMPLOYEES),
    Kind("构成不符", mishaps.wrong_parts, 10, HOSPITAL, outpatient=True),
    Kind("编码错误", mishaps.unknown_item, 15, PHARMACY, EMPLOYEES),
    Kind("无待遇人员", mishaps.not_entitled, 15, PHARMACY, UNINSURED),
    Kind("残缺报文", mishaps.nonsense, 10, PHARMACY, EMPLOYEES),
)


@dataclass
class Result:
    """What happened: scenes played by name, failures in words, calls and repeats, seconds."""

    played: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Player:
    """Plays scenes with some connections at a time."""

    def __init__(
        self,
        supplies: Supplies,
        *,
        url: str,
        seed: int,
        day: datetime,
        books: Path | None = None,
        signers: Mapping[str, Signer] | None = None,
    ) -> None:
        self._supplies = supplies
        self._url = url
        self._random = Random(seed)  # noqa: S311 - dice, not secrets
        self._day = day
        institutions = (*supplies.hospitals, *supplies.pharmacies)
        started_at = datetime.now(TIME_ZONE).replace(tzinfo=None)
        self.desks = {each.code: Desk(each, started_at, _book(books, each.code)) for each in institutions}
        for code, desk in self.desks.items():
            desk.signer = (signers or {}).get(code)
        self.result = Result()
        self._done = 0
        self._progress: Callable[[int], None] = lambda done: None

    async def open_books(self, begin: date) -> None:
        """Sign in everywhere, and keep of the books what was booked since ``begin`` at this very centre."""
        connection = Connection(self._url)
        for desk in self.desks.values():
            await desk.sign_in(connection)
            await desk.keep_book(connection, begin.isoformat())
        connection.close()

    async def reconcile(self, *, begin: date, end: date) -> list[Outcome]:
        """Reconcile all institutions; what goes wrong is added to the failures."""
        reconciler = Reconciler(self._url, begin=begin, end=end)
        outcomes: list[Outcome] = []
        for desk in self.desks.values():
            try:
                outcomes += await reconciler.reconcile(desk)
            except (Failure, Refused, NoAnswer) as error:
                self.result.failures.append(f"对账 @ {desk.institution.code}: {type(error).__name__} {error}")
        reconciler.close()
        return outcomes

    async def play(
        self, *, scenes: int, concurrency: int, progress: Callable[[int], None] = lambda done: None
    ) -> Result:
        """Play a number of scenes and return what happened; failures are collected, not raised.

        Args:
            progress: told after every scene how many are done.
        """
        self._progress = progress
        loop = asyncio.get_running_loop()
        begin = loop.time()
        kinds = iter(self._kinds(scenes))
        await asyncio.gather(*(self._play_some(kinds) for _ in range(concurrency)))
        self.result.seconds += loop.time() - begin
        return self.result

    def _kinds(self, scenes: int) -> Sequence[Kind]:
        """Every kind at least once where there is room, the rest by weight."""
        chosen = list(KINDS)[:scenes]
        chosen += self._random.choices(KINDS, [kind.weight for kind in KINDS], k=scenes - len(chosen))
        self._random.shuffle(chosen)
        return chosen

    async def _play_some(self, kinds: Iterator[Kind]) -> None:
        connection = Connection(self._url)
        try:
            for kind in kinds:  # one iterator shared by all tasks
                await self._play_one(kind, connection)
                self._done += 1
                self._progress(self._done)
        finally:
            connection.close()

    async def _play_one(self, kind: Kind, connection: Connection) -> None:
        random = Random(self._random.getrandbits(64))  # noqa: S311
        try:
            patient = self._patient(kind, random)
        except LookupError:
            self.result.skipped[kind.name] += 1
            return
        desk = self.desks[self._institution(kind, random).code]
        moment = self._day + timedelta(seconds=random.randrange(8 * 3600, 18 * 3600))
        try:
            await kind.scene(Table(self._supplies, desk, connection, random, patient, moment))
            self.result.played[kind.name] += 1
        except (Failure, Refused, NoAnswer) as error:
            self.result.failures.append(f"{kind.name} @ {desk.institution.code}: {type(error).__name__} {error}")
        finally:
            if kind.who != UNINSURED:
                self._supplies.insured.give_back(patient)

    def _patient(self, kind: Kind, random: Random) -> Patient:
        if kind.who == UNINSURED:
            if not self._supplies.unentitled:
                raise LookupError("nobody without entitlement")
            return random.choice(self._supplies.unentitled)
        if kind.outpatient:
            return self._supplies.insured.take(random, suits=visits.is_outpatient)
        return self._supplies.insured.take(random, scheme=None if kind.who == ANYBODY else kind.who)

    def _institution(self, kind: Kind, random: Random) -> Institution:
        places = self._supplies.pharmacies if kind.place == PHARMACY else self._supplies.hospitals
        return random.choices(places, [each.share for each in places])[0]


def _book(folder: Path | None, code: str) -> Book:
    book = Book(None if folder is None else folder / f"{code}.jsonl")
    book.load()
    return book
