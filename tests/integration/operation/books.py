"""A writer of balanced journals that knows which of them were answered: the traffic of the recovery tests.

Each journal is one committed transaction, as a settlement is; what ``post`` returned for was answered to somebody.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

AREA = "620900"


@dataclass
class Writer:
    """Posts journals as fast as it can until stopped, and reconnects when the server goes away."""

    conninfo: str
    answered: list[tuple[int, datetime]] = field(default_factory=list)
    failures: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def start(self) -> Writer:
        """Begin to write."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, and wait for the last answer."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def wait_for(self, more: int, seconds: float = 120) -> None:
        """Wait until that many more journals were answered."""
        goal, deadline = len(self.answered) + more, time.monotonic() + seconds
        while len(self.answered) < goal:
            assert time.monotonic() < deadline, f"only {len(self.answered)} of {goal} journals were answered"
            time.sleep(0.01)

    def _write(self) -> None:
        number = 0
        while not self._stop.is_set():
            try:
                with psycopg.connect(self.conninfo, autocommit=True, connect_timeout=5) as connection:
                    while not self._stop.is_set():
                        number += 1
                        post(connection, number)
                        self.answered.append((number, datetime.now(UTC)))
            except psycopg.Error:
                # Not answered, so nobody was promised anything; a hospital would ask again with a new connection.
                self.failures += 1
                time.sleep(0.05)


def prepare(conninfo: str) -> None:
    """Two accounts to post between."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ledger_account (area, code, name, fund, nature, party_kind) VALUES "
            "(%(area)s, '5001.310100', '统筹支出', '310100', 'expense', 'none'), "
            "(%(area)s, '2101.310100', '应付机构', '310100', 'liability', 'institution')",
            {"area": AREA},
        )


def post(connection: psycopg.Connection[tuple[object, ...]], number: int, fen: int = 1_234) -> None:
    """One journal of two entries in one transaction."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo, "
            "entry_count, turnover, posted_at) VALUES (%(n)s, %(area)s, current_date, 'test', 'k:' || %(n)s, "
            "'test', %(n)s, '', '', 2, %(fen)s, now())",
            {"n": number, "area": AREA, "fen": fen},
        )
        connection.execute(
            "INSERT INTO ledger_entry (journal_id, line, account_id, party, amount, business_date) "
            "SELECT %(n)s, line, a.id, 0, amount, current_date FROM (VALUES (1, '5001.310100', %(fen)s::bigint), "
            "(2, '2101.310100', -%(fen)s::bigint)) AS e (line, code, amount) "
            "JOIN ledger_account a ON a.code = e.code AND a.area = %(area)s",
            {"n": number, "area": AREA, "fen": fen},
        )


def journals(conninfo: str) -> set[int]:
    """Ids of the journals that a database holds."""
    with psycopg.connect(conninfo) as connection:
        return {int(row[0]) for row in connection.execute("SELECT id FROM ledger_journal")}
