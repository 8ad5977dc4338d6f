"""The day: statements with institutions, closing, and the doctor on a healthy and on a falsified database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, transaction

from tests.integration.settlement.world import (
    CLASS_B,
    DAY,
    NOW,
    PHARMACY,
    POOL,
    answer,
    job,
    line,
    person_number,
    purchase,
    read,
    receipt,
    settle,
)
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.project.cli import build_parser
from tongchou.settlement import api
from tongchou.settlement.api import DetailClaim, Scope, Totals

pytestmark = pytest.mark.usefixtures("world")

SCOPE = Scope(institution_code=PHARMACY, begin=DAY, end=DAY, scheme="310", clearing_type="41")
EVENING = NOW + timedelta(hours=8)


def a_day() -> list[dict[str, int]]:
    """Three purchases, one of them revoked."""
    found = [settle(purchase(n, lines=(line(1, count=5), line(2, CLASS_B)))) for n in (1, 2, 3)]
    api.revoke(
        receipt=receipt(transaction="2103"), settlement_id=found[2]["id"], person_number=person_number(3), answer=answer,
        now=NOW,
    )  # fmt: skip
    ledger.close_day(area=POOL, day=DAY - timedelta(days=1), now=NOW)
    return found


def claimed(**changes: int) -> Totals:
    return Totals(**{"total": 120_000, "fund_pay": 54_600, "account_pay": 65_400, "count": 4, **changes})


@pytest.mark.requirement("R1.3.03")
def test_totals_are_compared_to_the_fen() -> None:
    a_day()
    assert api.statement_totals(scope=SCOPE, claimed=claimed(), now=EVENING).equal
    wrong = api.statement_totals(scope=SCOPE, claimed=claimed(total=120_001), now=EVENING)
    assert not wrong.equal
    assert wrong.description == "医疗费总额：机构 1200.01 元，中心 1200.00 元，差 0.01 元"
    other_day = Scope(institution_code=PHARMACY, begin=DAY + timedelta(days=1), end=DAY + timedelta(days=1))
    assert api.statement_totals(scope=other_day, claimed=claimed(), now=EVENING).own.count == 0
    with pytest.raises(Rejection, match="SETL-061"):
        api.statement_totals(
            scope=Scope(institution_code=PHARMACY, begin=DAY, end=date(2026, 1, 1)), claimed=claimed(), now=EVENING
        )


@pytest.mark.requirement("R1.3.03")
def test_details_are_compared_row_by_row() -> None:
    found = a_day()

    def claim(number: int, **changes: object) -> DetailClaim:
        row = found[number]
        given = {
            "settlement_id": row["id"], "encounter_id": row["encounter"], "person_number": person_number(number + 1),
            "total": row["total"], "fund_pay": row["fund"], "account_pay": row["account"],
        }  # fmt: skip
        return DetailClaim(**{**given, **changes})

    rows = [
        claim(0),
        claim(1, total=1),
        claim(2, refund=True, total=-60_000, fund_pay=-27_300, account_pay=-32_700),
        claim(0, settlement_id=99),
    ]
    results = api.statement_details(scope=SCOPE, rows=rows, now=EVENING)
    assert [row.result for row in results] == ["equal", "differs", "equal", "institution_extra", "centre_extra"]
    extra = results[-1]
    assert (extra.settlement_id, extra.encounter_id, extra.person_number) == (None, None, person_number(3))
    assert extra.message_id


def test_a_day_closes_when_institutions_settlements_and_ledger_agree() -> None:
    a_day()
    api.statement_totals(scope=SCOPE, claimed=claimed(), now=EVENING)
    figures = api.close_day(area=POOL, day=DAY, now=EVENING)
    assert {view: dict(entry)["310100"] for view, entry in figures.views.items() if "310100" in entry} == {
        "机构": 54_600,
        "结算": 54_600,
        "账簿": 54_600,
    }
    view = api.day_view(area=POOL, day=DAY)
    assert (view.closed, view.equal, view.silent) == (True, True, ())
    assert api.close_day(area=POOL, day=DAY, now=EVENING).views == figures.views
    late = settle(purchase(), now=EVENING)
    assert api.settlement_view(late["id"]).business_date == DAY + timedelta(days=1)
    assert api.examine(today=DAY) == []


def test_a_day_with_an_unequal_statement_stays_open_and_says_where() -> None:
    a_day()
    api.statement_totals(scope=SCOPE, claimed=claimed(fund_pay=1), now=EVENING)
    with pytest.raises(Rejection, match="LEDG-008") as refusal:
        api.close_day(area=POOL, day=DAY, now=EVENING)
    assert (
        f"{PHARMACY} 险种 310 清算类别 41 基金支付合计：机构对账 0.01 元、中心对账 546.00 元" in refusal.value.message
    )
    api.statement_totals(scope=SCOPE, claimed=claimed(), now=EVENING)
    api.close_day(area=POOL, day=DAY, now=EVENING)


def test_the_command_closes_and_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    from tongchou.settlement import cli

    settle(purchase(1, lines=(line(1, count=5),)))
    arguments = build_parser().parse_args(["close-day", "--area", POOL, "--day", DAY.isoformat()])
    assert cli.run(arguments) == 0
    printed = capsys.readouterr().out
    assert "业务日 2026-11-20 已日结" in printed
    fund = next(row for row in printed.splitlines() if row.startswith("310100") and "210.00" in row)
    assert fund.split()[-4:] == ["210.00", "210.00", "210.00", "平"]
    assert f"未对账机构（3201）：{PHARMACY}" in printed


def test_the_doctor_says_so_with_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    from tongchou.settlement import cli

    settle(purchase(lines=(line(1, count=5),)))
    arguments = build_parser().parse_args(["doctor"])
    assert cli.run(arguments) == 0
    assert "全部不变式成立" in capsys.readouterr().out
    with behind_the_guards(), connection.cursor() as cursor:
        cursor.execute(CORRUPTIONS["S2"])
    assert cli.run(arguments) == 1
    printed = capsys.readouterr().out
    assert "错误 S2" in printed
    assert "处理：" in printed


@contextmanager
def behind_the_guards() -> Iterator[None]:
    """Write as somebody who switched the triggers and constraints off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


CORRUPTIONS = {
    "L1": "UPDATE ledger_entry SET amount = amount + 1 WHERE (journal_id, line) = (SELECT journal_id, line FROM ledger_entry LIMIT 1)",
    "L2": "DELETE FROM ledger_entry WHERE journal_id = (SELECT max(journal_id) FROM ledger_entry)",
    "L3": "UPDATE ledger_entry SET party = party + 1 WHERE journal_id IN (SELECT id FROM ledger_journal WHERE reversal_of_id IS NOT NULL)",
    "L4": "INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo, entry_count,"
    " turnover, posted_at) VALUES (1, '629900', '2026-11-20', 'x', 'late', 'x', 1, '', '', 0, 0, '2026-11-20')",
    "L5": "UPDATE ledger_businessday SET figures = jsonb_set(figures, '{views,账簿,310100}', '1') WHERE day = '2026-11-20'",
    "L6": "UPDATE ledger_dailybalance SET balance = balance + 1 WHERE day = '2026-11-20'",
    "A1": "UPDATE accounts_account SET balance = balance + 1",
    "S2": "UPDATE settlement_payment SET amount = amount + 1",
    "S3": "UPDATE settlement_feeline SET amount = amount + 1, in_scope = in_scope + 1 WHERE line_no = 1",
    "S4": "DELETE FROM ledger_journal WHERE cause = 'settlement' AND reversal_of_id IS NULL",
    "S5": "UPDATE settlement_settlement SET account_pay = account_pay - 1, cash_pay = cash_pay + 1 WHERE direction = 1",
    "S6": "UPDATE settlement_settlement SET account_pay = account_pay - 1, cash_pay = cash_pay + 1 WHERE direction = -1",
    "S7": "UPDATE settlement_accumulators SET values = '{\"year.outpatient_paid:310100\": 7}'",
    "S8": "UPDATE settlement_receipt SET subject = 4711 WHERE transaction = '2102'",
    "S9": "UPDATE settlement_feeline SET settlement_id = 4711 WHERE line_no = 1",
    "S10": "DELETE FROM settlement_policypackage",
    "S11": "UPDATE ledger_businessday SET figures = jsonb_set(figures, '{views,结算,310100}', '1') WHERE day = '2026-11-20'",
    "S14": "UPDATE settlement_settlement SET package = md5(package)",
    "S12": "INSERT INTO settlement_feeline (fee_month, encounter_id, line_no, occurred_at, item_code, local_code, item_class,"
    " charge_type, quantity, unit_price, amount, out_of_scope, over_limit, prior_self_pay, in_scope)"
    " VALUES ('2099-01-01', 1, 1, now(), '', '', '', '', 1, 1, 0, 0, 0, 0, 0)",
}


@pytest.mark.parametrize("number", CORRUPTIONS)
def test_the_doctor_finds_what_was_falsified(number: str) -> None:
    a_day()
    api.close_day(area=POOL, day=DAY, now=EVENING)
    assert api.examine(today=DAY) == []
    with behind_the_guards(), connection.cursor() as cursor:
        cursor.execute(CORRUPTIONS[number])
        assert cursor.rowcount > 0
    findings = api.examine(today=DAY)
    assert number in {finding.number for finding in findings}
    assert all(finding.what and finding.remedy for finding in findings)


def test_a_closed_day_is_overtaken_by_a_settlement_on_its_way() -> None:
    """The day closes between reading and writing: the settlement takes the next day instead of failing."""
    closed: list[datetime] = []

    def close_meanwhile(view: api.SettlementView) -> bytes:
        if not closed:
            closed.append(EVENING)
            for day in (DAY - timedelta(days=1), DAY):
                api.close_day(area=POOL, day=day, now=EVENING)
        return answer(view)

    found = read(api.settle_many(jobs=[job(purchase(), answer=close_meanwhile)])[0])
    assert api.settlement_view(found["id"]).business_date == DAY + timedelta(days=1)
    assert api.examine(today=DAY) == []
