"""The database itself refuses what would falsify the books, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api
from tongchou.ledger.api import EntryLine

pytestmark = pytest.mark.django_db(transaction=True)

AREA = "620900"
DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PURCHASE = (EntryLine("5001.310100", 7_000), EntryLine("2101.310100", -7_000, 12))


@pytest.fixture(autouse=True)
def _chart(db: None) -> None:
    api.forget_accounts()
    api.ensure_chart(area=AREA)


def post(number: int, lines: tuple[EntryLine, ...] = PURCHASE, day: date = DAY) -> None:
    api.post(
        journal_id=number, area=AREA, business_date=day, kind="settlement", business_key=f"setl:{number}",
        cause="settlement", cause_id=number, lines=lines, posted_at=NOW,
    )  # fmt: skip


def sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


def refused(work: Callable[[], None], match: str) -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        work()


def test_a_balanced_journal_moves_the_balances() -> None:
    post(1)
    assert api.balance(area=AREA, account_code="5001.310100") == 7_000
    assert api.balance(area=AREA, account_code="5001") == 7_000
    assert api.balance(area=AREA, account_code="2101", party=12) == -7_000
    assert api.balance(area=AREA, account_code="2101", party=13) == 0


def test_an_unbalanced_journal_is_refused_by_the_service() -> None:
    with pytest.raises(Rejection, match="LEDG-001"):
        post(1, (EntryLine("5001.310100", 7_000), EntryLine("2101.310100", -6_999, 12)))


def test_an_unbalanced_journal_is_refused_by_the_database_at_commit() -> None:
    def attack() -> None:
        sql(
            "INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo,"
            " entry_count, turnover, posted_at) VALUES (9, '620900', '2026-11-20', 'x', 'x:9', 'x', 9, '', '', 1, 5, now())"
        )
        sql(
            "INSERT INTO ledger_entry (journal_id, line, account_id, party, amount, business_date) SELECT 9, 1, id, 0, 5, '2026-11-20' FROM ledger_account WHERE code = '9001'"
        )  # fmt: skip

    # The constraint is deferred to the commit; inside a savepoint it is asked for by hand.
    refused(lambda: (attack(), sql("SET CONSTRAINTS ALL IMMEDIATE"))[0], "sum to 5")


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_entry SET amount = amount",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "UPDATE ledger_journal SET memo = 'x'",
        "DELETE FROM ledger_journal",
        "TRUNCATE ledger_journal CASCADE",
    ],
)
def test_journals_and_entries_are_immutable(attack: str) -> None:
    post(1)
    refused(lambda: sql(attack), "immutable")


def test_entries_are_added_only_by_the_transaction_that_wrote_the_journal() -> None:
    post(1)
    late = "INSERT INTO ledger_entry (journal_id, line, account_id, party, amount, business_date) SELECT 1, 3, id, 0, {}, '2026-11-20' FROM ledger_account WHERE code = '9001'"
    refused(lambda: sql(late.format(5)), "another transaction")


def test_written_by_cannot_be_forged() -> None:
    forged = (
        "INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo,"
        " entry_count, turnover, posted_at, written_by)"
        " VALUES (9, '620900', '2026-11-20', 'x', 'x:9', 'x', 9, '', '', 0, 0, now(), '1')"
    )
    refused(lambda: sql(forged), "written_by")


def test_an_entry_on_another_day_than_its_journal_is_refused() -> None:
    def attack() -> None:
        sql(
            "INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo,"
            " entry_count, turnover, posted_at) VALUES (9, '620900', '2026-11-20', 'x', 'x:9', 'x', 9, '', '', 2, 5, now())"
        )
        sql(
            "INSERT INTO ledger_entry (journal_id, line, account_id, party, amount, business_date) SELECT 9, n, id, 0, 5 * (3 - 2 * n), '2026-11-19'"
            " FROM ledger_account, generate_series(1, 2) AS n WHERE code = '9001'"
        )

    refused(attack, "another day")


def test_a_reversal_mirrors_its_original_once() -> None:
    post(1)
    api.reverse(journal_id=1, reversal_id=2, business_date=DAY, business_key="revoke:1", posted_at=NOW)
    assert api.balance(area=AREA, account_code="5001.310100") == 0
    with pytest.raises(Rejection, match="LEDG-003"):
        api.reverse(journal_id=1, reversal_id=3, business_date=DAY, business_key="revoke:1b", posted_at=NOW)
    with pytest.raises(Rejection, match="LEDG-004"):
        api.reverse(journal_id=77, reversal_id=3, business_date=DAY, business_key="revoke:77", posted_at=NOW)


def test_a_reversal_that_does_not_mirror_is_refused() -> None:
    post(1)

    def attack() -> None:
        sql(
            "INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo,"
            " entry_count, turnover, posted_at, reversal_of_id)"
            " VALUES (9, '620900', '2026-11-20', 'x', 'x:9', 'x', 9, '', '', 2, 5, now(), 1)"
        )
        sql(
            "INSERT INTO ledger_entry (journal_id, line, account_id, party, amount, business_date) SELECT 9, n, id, 0, 5 * (3 - 2 * n), '2026-11-20'"
            " FROM ledger_account, generate_series(1, 2) AS n WHERE code = '9001'"
        )
        sql("SET CONSTRAINTS ALL IMMEDIATE")

    refused(attack, "does not mirror")


def test_a_business_key_is_posted_once() -> None:
    post(1)
    with pytest.raises(Rejection, match="LEDG-005"):
        api.post(
            journal_id=2, area=AREA, business_date=DAY, kind="settlement", business_key="setl:1", cause="settlement",
            cause_id=1, lines=PURCHASE, posted_at=NOW,
        )  # fmt: skip


def test_a_closed_day_takes_no_more_journals() -> None:
    post(1)
    figures = api.close_day(area=AREA, day=DAY, now=NOW)
    assert figures.views["账簿"]["310100"] == 7_000
    assert figures.journals == 1
    with pytest.raises(Rejection, match="LEDG-002"):
        post(2)
    assert api.business_date(area=AREA, now=NOW) == date(2026, 11, 21)
    post(2, day=date(2026, 11, 21))
    assert api.balance(area=AREA, account_code="5001", on=DAY) == 7_000
    assert api.balance(area=AREA, account_code="5001") == 14_000
    assert api.balance(area=AREA, account_code="2101", party=12) == -14_000
    assert api.close_day(area=AREA, day=DAY, now=NOW) == figures
    assert api.check() == []


def test_days_close_in_their_order_and_not_before_they_come() -> None:
    post(1, day=date(2026, 11, 19))
    with pytest.raises(Rejection, match="LEDG-006"):
        api.close_day(area=AREA, day=DAY, now=NOW)
    with pytest.raises(Rejection, match="LEDG-007"):
        api.close_day(area=AREA, day=date(2026, 11, 21), now=NOW)
    with pytest.raises(Rejection, match="LEDG-010"):
        api.close_day(area="110000", day=DAY, now=NOW)


def test_a_day_without_business_is_closed_with_the_next_one() -> None:
    post(1)
    closed = api.close_day(area=AREA, day=DAY, now=NOW)
    quiet = api.close_day(area=AREA, day=date(2026, 11, 18), now=NOW)
    assert (quiet.journals, quiet.closed_at) == (0, closed.closed_at)


def test_a_day_on_which_the_views_differ_stays_open() -> None:
    post(1)
    with pytest.raises(Rejection, match="310100") as refusal:
        api.close_day(area=AREA, day=DAY, now=NOW, witnesses=(lambda area, day: {"结算": {"310100": 6_999}},))
    assert refusal.value.code == "LEDG-008"
    assert not api.is_closed(area=AREA, day=DAY)
