"""The reconciliation of a day and its closing."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.ledger import api as ledger
from tongchou.settlement import api as settlement
from tongchou.settlement.statements import Scope, Totals, parts_of, totals_of


@pytest.mark.requirement("R1.3.03")
def test_settlements_and_ledger_agree_per_fund_and_institution(city: cities.City, client_of: ClientOf) -> None:
    page = client_of("accountant").get(f"/days/{timezone.localdate()}/").content.decode()
    assert "各方相等" in page
    assert "有差异" not in page
    for _, name, *_rest in cities.INSTITUTIONS[:1]:
        assert name in page


@pytest.mark.requirement("R1.3.03")
def test_a_difference_of_one_fen_is_shown_and_the_day_does_not_close(city: cities.City, client_of: ClientOf) -> None:
    with connection.cursor() as cursor:
        # What no service can do: a settlement row altered behind the ledger's back.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE settlement_settlement SET total = total + 1, in_scope = in_scope + 1, cash_pay = cash_pay + 1"
            " WHERE id = %s",
            [city.inpatient],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    client, day = client_of("accountant"), timezone.localdate()
    page = client.get(f"/days/{day}/").content.decode()
    assert "有差异" in page
    assert '<td class="num bad">0.01</td>' in page
    refused = client.post(f"/days/{day}/close/")
    assert refused.status_code == 422
    assert "没有日结" in refused.content.decode()
    assert not ledger.is_closed(area=cities.AREA, day=day)


def test_the_accountant_closes_the_day_once(city: cities.City, client_of: ClientOf) -> None:
    client, day = client_of("accountant"), timezone.localdate()
    assert "确认日结" in client.get(f"/days/{day}/").content.decode()
    assert "确认日结" not in client_of("clerk").get(f"/days/{day}/").content.decode()
    done = client.post(f"/days/{day}/close/", follow=True).content.decode()
    assert "已日结，该日不再入账" in done
    assert "确认日结" not in done
    assert ledger.is_closed(area=cities.AREA, day=day)
    assert client.post(f"/days/{day}/close/", follow=True).status_code == 200
    assert "今日已日结" in client.get("/").content.decode()


def test_what_comes_after_the_closing_is_shown_on_the_next_day(city: cities.City, client_of: ClientOf) -> None:
    """The desk and the days follow the business day: what is settled after the closing must not vanish until midnight."""
    client, area, today = client_of("accountant"), cities.AREA, timezone.localdate()
    tomorrow = today + timedelta(days=1)
    if not ledger.is_closed(area=area, day=today):
        client.post(f"/days/{today}/close/")
    desk = client.get("/").content.decode()
    assert f"{tomorrow}" in desk
    assert "还没有结算业务" in desk
    page = client.get(f"/days/{tomorrow}/")
    assert page.status_code == 200
    assert "营业中" in page.content.decode()
    assert "确认日结" not in page.content.decode()
    assert client.post(f"/days/{tomorrow}/close/").status_code == 422
    assert not ledger.is_closed(area=area, day=tomorrow)


def test_a_day_to_come_is_not_there_and_can_not_be_closed(city: cities.City, client_of: ClientOf) -> None:
    client, later = client_of("accountant"), timezone.localdate() + timedelta(days=2)
    assert client.get(f"/days/{later}/").status_code == 404
    assert client.post(f"/days/{later}/close/").status_code == 404
    assert client.get("/days/2026-02-31/").status_code == 404


def test_the_export_has_every_institution(city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("accountant").get(f"/days/{timezone.localdate()}/export/")
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    head, *body = list(sheet.values)
    assert head[:2] == ("机构编号", "机构名称")
    assert {row[11] for row in body} == {0}
    assert sum(row[2] for row in body) == 9


@pytest.mark.requirement("R1.3.06")
def test_the_desk_has_the_days_cost_by_fund_and_institution(city: cities.City, client_of: ClientOf) -> None:
    page = client_of("clerk").get("/desk/live/").content.decode()
    for told in ("医疗费总额", "各基金支付", "费用最多的机构", "职工医保统筹基金", "撤销"):
        assert told in page
    figures = ledger.views_of(area=cities.AREA, day=timezone.localdate())["账簿"]
    assert f"{figures[ledger.TOTAL] / 100:,.2f}" in page
    assert f"{figures[ledger.FUND_TOTAL] / 100:,.2f}" in page


@pytest.mark.requirement("R1.3.03")
def test_what_institutions_state_stands_beside_and_stops_the_closing(city: cities.City, client_of: ClientOf) -> None:
    """3201 of two institutions, one of them a fen off: 已对平, 不平, and 未对账 for the silent ones."""
    client, day = client_of("accountant"), timezone.localdate()
    for institution, off in ((cities.HOSPITAL, 0), (cities.PHARMACY, 1)):
        scope = Scope(institution_code=institution, begin=day, end=day)
        own = totals_of(scope)
        claimed = Totals(total=own.total + off, fund_pay=own.fund_pay, account_pay=own.account_pay, count=own.count)
        settlement.statement_totals(scope=scope, claimed=claimed, now=timezone.now())
        assert parts_of(institutions=[institution], begin=day, end=day).totals_of(scope) == own
    page = client.get(f"/days/{day}/").content.decode()
    assert page.count("已对平") == 1
    assert page.count("不平</span>") == 1
    assert "机构对账不平" in page
    assert page.count("未对账</span>") >= 2
    refused = client.post(f"/days/{day}/close/")
    assert refused.status_code == 422
    assert cities.PHARMACY in refused.content.decode()


def test_the_page_asks_as_often_however_many_statements_there_are(city: cities.City, client_of: ClientOf) -> None:
    client, day = client_of("accountant"), timezone.localdate()
    counted = []
    for scheme in ("", "310", "390"):
        for code, *_ in cities.INSTITUTIONS:
            scope = Scope(institution_code=code, begin=day, end=day, scheme=scheme)
            settlement.statement_totals(scope=scope, claimed=totals_of(scope), now=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/days/{day}/")
        counted.append(len(captured))
    assert counted[0] == counted[-1]
