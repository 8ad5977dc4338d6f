"""Institutions that settle over HTTP while the centre's database dies: a process of its own, with a diary on disk.

``python -m tests.integration.operation.callers --url … --diary … --stop …`` plays pharmacies (2102) and outpatient departments
(2207). Each settlement is one line of the diary: what was sent, and what became of it. A message that got no answer is
cleared up as an institution does it: half of the callers send the same message again, half take it back (2601).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

CALLERS = 8
PATIENTS = 400
PATIENCE_SECONDS = 1.0
"""How long a caller waits for one answer before it hangs up."""
PAUSE = 0.05
SILENCE_SECONDS = 60
"""How long a caller waits for the centre to come back."""


@dataclass
class Page:
    """One settlement message: ``first`` is what the first attempt brought, ``outcome`` what it came to in the end."""

    institution: str
    message_id: str
    infno: str
    total: int
    sent_at: float
    first: str = "answered"
    outcome: str = "settled"
    settlement: str = ""
    answered_at: float = 0.0
    digest: str = ""
    same_again: bool | None = None


@dataclass
class Callers:
    """All callers and what they share."""

    supplies: Any
    url: str
    day: datetime
    stop: Path
    diary: Path
    unanswered: int = 0
    """Every second one is taken back: which callers are under way when a server dies is nobody's choice."""

    async def play(self) -> None:
        """Call until the stop file appears; then ask every answered message once more."""
        from tongchou.traffic.desk import Desk

        started = datetime.now()  # noqa: DTZ005 (local time of the institution's clock)
        sites = [*self.supplies.pharmacies, *self.supplies.hospitals]
        desks = {site.code: Desk(site, started) for site in sites}
        await asyncio.gather(*(self._call(number, desks) for number in range(CALLERS)))

    async def _call(self, number: int, desks: dict[str, Any]) -> None:
        from tongchou.traffic.client import Connection
        from tongchou.traffic.visits import Table

        random, connection = Random(number), Connection(self.url)
        while not self.stop.exists():
            hospital = number % 4 == 3
            place = random.choice(self.supplies.hospitals if hospital else self.supplies.pharmacies)
            patient = self.supplies.insured.take(random, scheme="310")
            table = Table(self.supplies, desks[place.code], connection, random, patient, self.day)
            try:
                page, sent = await (self._visit(table) if hospital else self._sale(table))
                await self._settle(table, page, sent)
                with self.diary.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(page)) + "\n")
            finally:
                self.supplies.insured.give_back(patient)
        connection.close()

    async def _sale(self, table: Any) -> tuple[Page, Any]:
        from tongchou.traffic import supplies, wire

        lines = supplies.bill(table.desk.institution, table.random, lines=3, setting=supplies.PHARMACY_SALE)
        sent = table.desk.message("2102", wire.purchase(table.patient, lines, table.moment))
        return self._page(table, sent, sum(each.amount for each in lines)), sent

    async def _visit(self, table: Any) -> tuple[Page, Any]:
        from tongchou.traffic import visits

        encounter, med_type, batch, lines = await visits.open_visit(table)
        total = sum(each.amount for each in lines)
        sent = table.desk.message("2207", await visits.pre_settled(table, encounter, med_type, batch, total))
        return self._page(table, sent, total), sent

    def _page(self, table: Any, sent: Any, total: int) -> Page:
        return Page(table.desk.institution.code, sent.message_id, sent.infno, total, time.time())

    async def _settle(self, table: Any, page: Page, sent: Any) -> None:
        answer = await self._attempt(table.connection, sent)
        if answer is None:
            page.first = "unanswered"
            self.unanswered += 1
            if self.unanswered % 2 == 0:
                page.outcome = await self._take_back(table, sent)
                return
            answer = await self._until_answered(table.connection, sent)
        self._note(page, answer)
        again = await self._until_answered(table.connection, sent)
        page.same_again = again == answer

    async def _take_back(self, table: Any, sent: Any) -> str:
        """2601: ``taken back`` when the centre had settled it, ``nothing`` when it never had."""
        from tongchou.traffic import wire

        person = table.patient.person_number
        undo = table.desk.message("2601", wire.undo(person, sent.message_id, sent.infno))
        answer = json.loads(await self._until_answered(table.connection, undo))
        if answer["infcode"] == 0:
            return "taken back"
        assert "SETL-050" in answer["err_msg"], answer
        return "nothing"

    def _note(self, page: Page, answer: bytes) -> None:
        body = json.loads(answer)
        assert body["infcode"] == 0, body
        page.settlement = body["output"]["setlinfo"]["setl_id"]
        page.answered_at = time.time()
        page.digest = hashlib.sha256(answer).hexdigest()

    async def _attempt(self, connection: Any, sent: Any) -> bytes | None:
        """One attempt; ``None``: no answer, or one that says that nothing is confirmed."""
        from tongchou.traffic.client import NoAnswer
        from tongchou.traffic.desk import BUSY_CODES, PATH

        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await connection.post(PATH, sent.body)
        except (NoAnswer, TimeoutError):
            connection.close()
            return None
        return None if any(code.encode() in answer[:300] for code in BUSY_CODES) else bytes(answer)

    async def _until_answered(self, connection: Any, sent: Any) -> bytes:
        deadline = time.monotonic() + SILENCE_SECONDS
        while time.monotonic() < deadline:
            answer = await self._attempt(connection, sent)
            if answer is not None:
                return answer
            await asyncio.sleep(PAUSE)
        raise TimeoutError(f"{sent.infno} {sent.message_id} was not answered for {SILENCE_SECONDS} s")


def main() -> None:
    """Play until the stop file appears."""
    import os

    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tongchou.project.settings"
    django.setup()
    from tongchou.traffic import supplies

    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--diary", type=Path, required=True)
    parser.add_argument("--stop", type=Path, required=True)
    args = parser.parse_args()
    day = datetime.now().replace(hour=9, minute=0, second=0, microsecond=0)  # noqa: DTZ005
    found = supplies.load(patients=PATIENTS, seed=7, on=day.date())
    asyncio.run(Callers(found, args.url, day, args.stop, args.diary).play())


if __name__ == "__main__":
    main()
