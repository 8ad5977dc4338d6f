"""Changing the data keys of a centre while it works: how long, how fast, what the others feel, and that nothing is lost.

    python -m benchmarks.rotation [--persons 100000]

Persons with cards are loaded by COPY; one thread settles and one looks persons up all the while. At the end every person is
found by number and no row is under the old key.
"""

from __future__ import annotations

import argparse
import threading
import time
from datetime import UTC, date, datetime
from statistics import median
from typing import Any

from benchmarks.settlement_core import database, fill, jobs_of

SETTLING = 2_000
"""Persons who are settled for; those that are looked up are others."""


def load(count: int) -> None:
    """Persons and cards with plausible numbers."""
    from tongchou.kernel.identifiers import id_check_character
    from tongchou.registry import api as registry

    def cert_no(n: int) -> str:
        body = f"629902{1940 + n // 336_000:04}{1 + n // 28_000 % 12:02}{1 + n // 1000 % 28:02}{n % 1000:03}"
        return body + id_check_character(body)

    ids = registry.reserve_ids(kind="persons", count=count)
    born, now = date(1980, 1, 1), datetime.now(UTC)
    registry.load_persons(
        (
            number, f"L{n:08d}", "01", cert_no(n), f"陈{n}", "1", "1", born, None, "13712345678", "永定路77号", "629902",
            None, now,
        )
        for n, number in enumerate(ids)
    )  # fmt: skip
    registry.load_cards((number, "03", f"D{n:08d}", "", True, None, None) for n, number in enumerate(ids))


class Others:
    """Threads that work until they are stopped, and what each piece of work took, in ms."""

    def __init__(self, persons: int) -> None:
        self.persons, self.stop = persons, threading.Event()
        self.took: dict[str, list[float]] = {"settle": [], "look up": []}
        self.failures: list[Exception] = []
        self._threads = [threading.Thread(target=self._run, args=(name,)) for name in self.took]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Finish the piece at hand."""
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, name: str) -> None:
        from django.db import connection

        turn = 0
        try:
            while not self.stop.is_set():
                begun = time.perf_counter()
                (self._settle if name == "settle" else self._look_up)(turn)
                self.took[name].append((time.perf_counter() - begun) * 1000)
                turn += 1
        except Exception as failure:
            self.failures.append(failure)
        finally:
            connection.close()

    def _settle(self, turn: int) -> None:
        from tongchou.settlement.api import settle_many

        (result,) = settle_many(jobs=jobs_of(1, turn, SETTLING))
        if isinstance(result, Exception):
            raise result

    def _look_up(self, turn: int) -> None:
        from tongchou.registry import api as registry

        wanted = turn * 7919 % self.persons
        found = registry.find_person(kind="03", number=f"D{wanted:08d}")
        if registry.person_by_certificate(cert_no=found.cert_no).name != f"陈{wanted}":
            raise AssertionError(wanted)


def everyone_is_there(persons: int) -> bool:
    """Every person's number opens, and is found under its hash."""
    from tongchou.control.api import hashes_of
    from tongchou.registry.models import Person

    found: Any = Person.objects.filter(number__startswith="L").iterator(chunk_size=5_000)
    right = sum(person.cert_no_hash in hashes_of(Person, "cert_no", person.cert_no) for person in found)
    return right == persons


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=100_000)
    given = parser.parse_args()
    with database({}):
        from django.db import connection

        from tongchou.control import vault
        from tongchou.control.columns import columns
        from tongchou.control.services import rotation

        fill(SETTLING)
        begun = time.perf_counter()
        load(given.persons)
        print(f"loaded {given.persons:,} persons with cards in {time.perf_counter() - begun:.1f} s")
        others = Others(given.persons)
        others.start()
        time.sleep(5)
        before = {name: len(took) for name, took in others.took.items()}
        quiet = {name: median(took) for name, took in others.took.items()}
        begun = time.perf_counter()
        new, rows = rotation.rotate(cipher=vault.SM4, new_search_key=True)
        seconds = time.perf_counter() - begun
        others.end()
        rotation.finish(rehash=True)
        gone = rotation.forget_old_keys()
        left = {number for column in columns() for number in rotation.usage(column)}
        print(f"rotated {rows:,} ciphertexts and their hashes in {seconds:.1f} s: {rows / seconds:,.0f}/s")
        for name, took in others.took.items():
            during = took[before[name] :]
            print(
                f"  {name}: {len(during)} meanwhile, median {median(during):.1f} ms (alone {quiet[name]:.1f}), worst {max(during):.0f} ms"
            )
        print(
            f"failures: {others.failures}; forgotten keys {gone}, in use {left}; everyone there: {everyone_is_there(given.persons)}"
        )
        if others.failures or left != {new} or not everyone_is_there(given.persons):
            raise SystemExit(1)
        connection.close()


if __name__ == "__main__":
    main()
