"""政策形态在真实网关上结算:项目类别单独计算(SHP-39、SHP-40、SHP-43)、跨年住院按费用发生日划分(SHP-52)。

每个形态的金额都是它自己案例里手算的数。四个统筹区各用一种政策,人、机构、目录和数据库都是真的。
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import Caller, Gateway
from tests.integration.exchange.test_pharmacy import assert_identities
from tests.integration.settlement import world as worlds
from tests.integration.settlement.world import CLASS_A, CLASS_B
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.project.postgres import Cluster
from tongchou.settlement import checks, planning
from tongchou.settlement.models import Accumulators, FeeLine, Settlement
from tongchou.web import explanation, settlement_queries, statement

pytestmark = pytest.mark.django_db

DOMESTIC, JOINT, IMPORTED, NEGOTIATED = "XM11", "XM12", "XM13", "XN14"
KINDS = {DOMESTIC: "国产材料", JOINT: "合资材料", IMPORTED: "进口材料", NEGOTIATED: ""}
EMPLOYEE, RESIDENT, NEGOTIATING, DIVIDING = 1, 2, 3, 4
"""The persons: insured in the area whose scheme is bound to SHP-39, SHP-40, SHP-43, SHP-52."""
LINES = """
language: 1
pack: plain-lines
title: 测试用明细规则
source: {title: 测试}
version: {from: 2020-01-01}
lines: {cite: 测试, classes: {甲类: 0%, 乙类: 0%}}
"""
BINDINGS = {
    "629900": '    - {scheme: "310", name: 职工, packs: [shp-39]}\n    - {scheme: "390", name: 居民, packs: [shp-40]}\n',
    "629800": '    - {scheme: "310", name: 职工, packs: [plain-lines, shp-43]}\n',
    "629700": '    - {scheme: "310", name: 职工, packs: [plain-lines, shp-52], readings: {AMB-52: 费用发生日}}\n',
}


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four shapes as they are shipped, bound to areas."""
    folder = tmp_path_factory.mktemp("policies")
    for name in ("SHP-39", "SHP-40", "SHP-43", "SHP-52-2020-01"):
        (folder / f"{name}.yaml").write_bytes((default_pack_directory() / "shapes" / f"{name}.yaml").read_bytes())
    (folder / "lines.yaml").write_text(LINES, encoding="utf-8")
    for area, schemes in BINDINGS.items():
        text = f'binding:\n  area: {{code: "{area}", name: 测试{area}}}\n  schemes:\n{schemes}'
        (folder / f"binding-{area}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def gateway(
    cluster: Cluster, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any, packs: Path
) -> Iterator[Gateway]:
    """The server over a world whose areas are bound to the shapes."""
    from django.core.management import call_command

    with django_db_blocker.unblock():
        _world(packs)
        url = f"postgresql://tongchou@/{connection.settings_dict['NAME']}?host={cluster.socket}&port=5432"
        server = Gateway(database_url=url, policies=packs, log=tmp_path_factory.mktemp("gateway") / "server.log")
        server.start()
    yield server
    server.stop()
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        planning.use_book(None)


def _world(packs: Path) -> None:
    from tongchou.catalogues.models import Item, ItemTerm, Mapping
    from tongchou.registry.models import Area, Enrolment

    worlds.build(persons=1)
    planning.use_book(PolicyBook.load(packs))
    for code in ("629800", "629700"):
        Area.objects.create(code=code, name=f"测试{code}", pooling_area=code)
        ledger.ensure_chart(area=code)
    worlds.add_person(RESIDENT, scheme="390", person_type="15", balance=0)
    for number, area in ((NEGOTIATING, "629800"), (DIVIDING, "629700")):
        person = worlds.add_person(number, balance=0)
        Enrolment.objects.filter(person=person).update(area_id=area)
    for code, kinds in KINDS.items():
        negotiated = code == NEGOTIATED
        item = Item.objects.create(
            code=code, list_type="301", charge_type="08", name=f"项目{code}", negotiated=negotiated
        )
        ItemTerm.objects.create(
            item=item, scheme="310", list_code=code, item_class="02", kinds=kinds, period=worlds.EVER
        )
        Mapping.objects.create(
            institution_code=worlds.HOSPITAL, local_code=f"L{code}", item=item, status="1", period=worlds.EVER
        )
    for item in Item.objects.filter(code__in=(CLASS_A, CLASS_B)):
        term = ItemTerm.objects.get(item=item)
        ItemTerm.objects.create(
            item=item, scheme="390", list_code=item.code, item_class=term.item_class, period=worlds.EVER
        )


@pytest.fixture
def hospital(gateway: Gateway) -> Caller:
    return Caller(gateway.port, worlds.HOSPITAL)


def stay(
    hospital: Caller,
    who: int,
    rows: list[dict[str, Any]],
    *,
    scheme: str = "310",
    admitted: str = "2026-11-18 09:00:00",
    discharged: str = nodes.NOW,
) -> str:
    """Admit, upload the lines, discharge; gives the visit's number."""
    admission = nodes.admission(who, insutype=scheme, begntime=admitted)
    encounter = str(hospital.call("2401", admission).output["result"]["mdtrt_id"])
    hospital.call("2301", nodes.fees(encounter, rows, who=who, med_type="2101")).output  # noqa: B018 (refusals fail)
    discharge = nodes.discharge(encounter, who)
    discharge["dscginfo"].update(endtime=discharged, insutype=scheme)
    assert hospital.call("2402", discharge).output == {}
    return encounter


def settle(hospital: Caller, encounter: str, who: int, total: str, scheme: str = "310") -> Any:
    """Settle the stay as a hospital does: try, then settle with the parts that the trial gave."""
    given = {"who": who, "insutype": scheme, "acct_used_flag": "0"}
    promised = hospital.call("2303", nodes.settling(encounter, total, **given)).output
    return hospital.call("2304", nodes.settling(encounter, total, **given, **nodes.parts_of(promised))).output


def paid(output: Any) -> Decimal:
    return Decimal(output["setlinfo"]["fund_pay_sumamt"])


def stored(output: Any) -> Settlement:
    return Settlement.objects.get(pk=int(output["setlinfo"]["setl_id"]))


def by_layer(settlement: Settlement) -> dict[str, int]:
    """What each layer paid, in yuan."""
    return {payment.layer: payment.amount // 100 for payment in settlement.payment_set.all()}


def shown(settlement: Settlement) -> Any:
    """The settlement as its page reads it, and its explanation."""
    found = settlement_queries.settlement(settlement.pk, {"pooling_area": settlement.area, "below": None})
    assert found is not None
    return found, explanation.steps_of(found)


def assert_printed(found: Any, steps: Any, *texts: str) -> None:
    """The statement is made, and says these words."""
    given = {
        "settlement": found, "steps": steps, "lines": settlement_queries.lines(found), "policy": explanation.policy_of(found),
        "centre": "测试", "printed_by": "测试", "printed_at": timezone.now(),
    }  # fmt: skip
    said = str(statement.statement_data(**given))
    assert [text for text in texts if text not in said] == []
    assert statement.statement_pdf(**given).startswith(b"%PDF")


def assert_revoked(hospital: Caller, output: Any) -> None:
    """The revocation mirrors everything; no counter is left of it."""
    person = stored(output).person_id
    revoked = hospital.call("2305", nodes.revocation(output["setlinfo"])).output
    assert paid(revoked) == -paid(output)
    assert not Accumulators.objects.filter(person_id=person).exclude(values={}).exists()
    assert not FeeLine.objects.filter(settlement_id=int(output["setlinfo"]["setl_id"])).exists()


def assert_sound() -> None:
    assert [finding for finding in checks.check(today=worlds.DAY) if finding.severity == "error"] == []


def test_shp_39_classes_and_materials_have_ratios_of_their_own(hospital: Caller) -> None:
    """甲类(1600−600)×80%=800,乙类1000×70%=700,国产70%=700,合资50%=500,进口40%=400。"""
    rows = [
        nodes.line(1, CLASS_A, yuan=1_600),
        nodes.line(2, CLASS_B, yuan=1_000),
        nodes.line(3, DOMESTIC, yuan=500, count=3),
        nodes.line(4, JOINT, yuan=1_000),
        nodes.line(5, IMPORTED, yuan=1_000),
        nodes.line(6, DOMESTIC, yuan=500, count=-1, init_feedetl_sn="3"),
    ]
    output = settle(hospital, stay(hospital, EMPLOYEE, rows), EMPLOYEE, "5600.00")
    assert_identities(output)
    assert (paid(output), output["setlinfo"]["psn_part_amt"]) == (Decimal("3100.00"), Decimal("2500.00"))
    settlement = stored(output)
    assert by_layer(settlement) == {"tier": 800, "class_b": 700, "domestic": 700, "joint": 500, "imported": 400}
    assert settlement.facts["bill.domestic"] == 100_000
    found, steps = shown(settlement)
    assert {step.layer: step.amount for step in steps if step.fund}["imported"] == 40_000
    assert_printed(found, steps, "统筹(进口材料)", "400.00", "进口材料")
    assert_sound()
    assert_revoked(hospital, output)
    assert_sound()


def test_shp_39_2_the_deductible_falls_on_what_comes_first(hospital: Caller) -> None:
    """甲类400全在起付线内,乙类(1000−200)×70%=560,进口1000×40%=400。"""
    rows = [
        nodes.line(1, CLASS_A, yuan=400),
        nodes.line(2, CLASS_B, yuan=1_000),
        nodes.line(3, IMPORTED, yuan=1_000),
    ]
    output = settle(hospital, stay(hospital, EMPLOYEE, rows), EMPLOYEE, "2400.00")
    assert by_layer(stored(output)) == {"class_b": 560, "imported": 400}
    assert_revoked(hospital, output)


def test_shp_40_residents(hospital: Caller) -> None:
    """三级:甲类(2700−700)×85%=1700,乙类1000×75%=750。"""
    rows = [nodes.line(1, CLASS_A, yuan=2_700), nodes.line(2, CLASS_B, yuan=1_000)]
    output = settle(hospital, stay(hospital, RESIDENT, rows, scheme="390"), RESIDENT, "3700.00", "390")
    assert paid(output) == Decimal("2450.00")
    assert by_layer(stored(output)) == {"class_a": 1_700, "class_b": 750}
    assert_revoked(hospital, output)


def test_shp_43_negotiated_drugs_go_their_own_way(hospital: Caller) -> None:
    """国谈药10000×70%=7000,不占起付线;其余(1800−800)×85%=850。"""
    rows = [nodes.line(1, NEGOTIATED, yuan=10_000), nodes.line(2, CLASS_A, yuan=1_800)]
    output = settle(hospital, stay(hospital, NEGOTIATING, rows), NEGOTIATING, "11800.00")
    assert paid(output) == Decimal("7850.00")
    settlement = stored(output)
    assert by_layer(settlement) == {"drug": 7_000, "pool": 850}
    assert FeeLine.objects.get(settlement_id=settlement.pk, line_no=1).item_kinds == "国谈药"
    found, steps = shown(settlement)
    assert_printed(found, steps, "国谈药单独支付")
    assert_revoked(hospital, output)


def test_shp_52_2_a_stay_over_the_year_end_is_divided_by_fee_date(hospital: Caller) -> None:
    """2025年已付9000、限额10000,3000只付1000;2026年2000×80%=1600;合计一张结算单2600。"""
    year_before = [nodes.line(1, CLASS_A, yuan=11_250, fee_ocur_time="2025-06-02 09:00:00")]
    times = {"admitted": "2025-06-01 09:00:00", "discharged": "2025-06-03 10:00:00"}
    first = settle(hospital, stay(hospital, DIVIDING, year_before, **times), DIVIDING, "11250.00")
    assert paid(first) == Decimal("9000.00")
    rows = [
        nodes.line(1, CLASS_A, yuan=2_000, fee_ocur_time="2025-12-26 09:00:00"),
        nodes.line(2, CLASS_B, yuan=1_500, fee_ocur_time="2025-12-31 23:59:59"),
        nodes.line(3, CLASS_A, yuan=2_000, fee_ocur_time="2026-01-01 00:00:00"),
        # what is given back belongs to the year in which it was charged
        nodes.line(4, CLASS_B, yuan=500, count=-1, fee_ocur_time="2026-01-02 08:00:00", init_feedetl_sn="2"),
    ]
    encounter = stay(hospital, DIVIDING, rows, admitted="2025-12-25 09:00:00", discharged="2026-01-02 10:00:00")
    output = settle(hospital, encounter, DIVIDING, "5000.00")
    assert_identities(output)
    assert (paid(output), stored(output).benefit_year) == (Decimal("2600.00"), "2026")
    assert [row["fund_payamt"] for row in output["setldetail"]] == [Decimal("1000.00"), Decimal("1600.00")]
    settlement = stored(output)
    assert settlement.accumulator_delta == {
        "2025": {"year.paid:310100": 100_000},
        "2026": {"year.paid:310100": 160_000},
    }
    assert [year["benefit_year"] for year in settlement.earlier_years] == ["2025"]
    found, steps = shown(settlement)
    headings = [(step.formula, step.amount) for step in steps if step.title == "按费用发生日期划分年度"]
    assert headings == [
        ("费用发生在 2025-12-25 至 2025-12-31", 300_000),
        ("费用发生在 2026-01-01 至 2026-01-02", 200_000),
    ]
    assert [step.amount for step in steps if step.fund] == [100_000, 160_000]
    assert [step.no for step in steps] == list(range(1, len(steps) + 1))
    assert_printed(found, steps, "2025-12-25 至 2025-12-31", "1,000.00", "1,600.00")
    assert_sound()
    revoked = hospital.call("2305", nodes.revocation(output["setlinfo"])).output
    assert paid(revoked) == Decimal("-2600.00")
    counters = dict(Accumulators.objects.filter(person_id=settlement.person_id).values_list("period", "values"))
    assert {period: values for period, values in counters.items() if values} == {"2025": {"year.paid:310100": 900_000}}
    undo = {"data": {"psn_no": worlds.person_number(DIVIDING), "omsgid": stored(revoked).message_id, "oinfno": "2305"}}
    assert hospital.call("2601", undo).output == {}
    again = Settlement.objects.filter(person_id=settlement.person_id, direction=1).latest("id")
    assert (again.fund_pay, again.earlier_years) == (260_000, settlement.earlier_years)
    assert shown(again)[1] == steps
    assert_sound()
