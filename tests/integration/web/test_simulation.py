"""政策模拟 on the screen: a run from the database and from a file, its result, its workbook, who may, what is wrong."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.operation import running
from tongchou.operation.models import JobRun
from tongchou.publication import api as publication
from tongchou.settlement import api as settlement
from tongchou.settlement.models import Settlement
from tongchou.simulation import api as simulation

EMPLOYEES = "310"


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def client(client_of: ClientOf) -> Client:
    return client_of("reviewer")


def year() -> int:
    return int(Settlement.objects.values_list("benefit_year", flat=True)[0])


def a_number() -> tuple[str, str]:
    """Some ratio of the employees' inpatient policy: its field and its value."""
    groups = simulation.choices(settlement.book(), area=cities.AREA, scheme=EMPLOYEES, on=timezone.localdate())
    found = [choice for _, chosen in groups for choice in chosen if choice.value.endswith("%")]
    return f"p:{found[0].path}", found[0].value


def sent(**changes: str) -> dict[str, str]:
    return {"scheme": EMPLOYEES, "data": f"db:{year()}", "kind": "numbers", "threshold": "20000"} | changes


def started(client: Client, **changes: str) -> JobRun:
    answer = client.post("/simulation/new/", sent(**changes))
    assert answer.status_code == 302, re.findall(
        r'class="error">([^<]*)|role="alert">(.*?)</div>', answer.content.decode()
    )
    return JobRun.objects.latest("pk")


@pytest.mark.requirement("R12.18")
def test_from_the_form_to_the_workbook(city: cities.City, client: Client) -> None:
    field, _ = a_number()
    run = started(client, **{field: "10%", "title": "比例降到一成", "b:310102": "1000.00"})
    page = f"/simulation/{run.pk}/"
    assert "排队中" in client.get(page).content.decode()
    assert client.get(f"{page}live/").status_code == 200
    assert client.get(f"{page}excel/").status_code == 404
    running.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == ("done", "")
    assert client.get(f"{page}live/").headers["HX-Refresh"] == "true"
    shown = client.get(page).content.decode()
    for text in (
        "比例降到一成",
        "现行政策与实际结算逐笔相同",
        "受益与受损",
        "个人负担 · 十等分",
        run.result["数据哈希"],
        "=10%",
    ):
        assert text in shown, text
    paid = sum(one.fund_pay for one in Settlement.objects.filter(scheme=EMPLOYEES))
    assert f"{paid // 100:,}.{paid % 100:02d}" in shown
    book = load_workbook(BytesIO(b"".join(client.get(f"{page}excel/").streaming_content)))  # type: ignore[attr-defined]
    assert "受益与受损·人员类别" in book.sheetnames
    assert "比例降到一成" in client.get("/simulation/").content.decode()


def test_the_same_data_and_numbers_give_the_same_result(city: cities.City, client: Client) -> None:
    field, _ = a_number()
    first = started(client, **{field: "10%"})
    running.execute(first.pk)
    first.refresh_from_db()
    again = client.get(f"/simulation/new/?from={first.pk}").content.decode()
    assert re.search(r'<option value="' + first.result["数据哈希"] + '" selected>', again)
    assert 'value="10%"' in again
    second = started(client, **{field: "10%", "data": first.result["数据哈希"]})
    running.execute(second.pk)
    figures = [(running.file_folder(one.pk) / simulation.FIGURES).read_text("utf-8") for one in (first, second)]
    assert figures[0] == figures[1]
    compared = client.get(f"/simulation/compare/?run={first.pk}&run={second.pk}").content.decode()
    assert "并排比较" in compared
    assert "不是同一份费用数据" not in compared


def test_another_day_and_other_packs(city: cities.City, client: Client) -> None:
    for changes in ({"kind": "day", "against_on": "2024-01-01"}, {"kind": "packs", "packs": "taian-employee"}):
        known = simulation.all_packs().packs
        if "packs" in changes:
            changes["packs"] = next(name for name in known if name.startswith(("taian", "yantai", "wuhan")))
        run = started(client, **changes)
        running.execute(run.pk)
        run.refresh_from_db()
        assert (run.status, run.error) == ("done", "")
        assert client.get(f"/simulation/{run.pk}/").status_code == 200


def test_income_of_the_residents(city: cities.City, client: Client) -> None:
    form = client.get("/simulation/new/?scheme=390").content.decode()
    assert "今天参保 3 人：居民 3" in form
    number = "p:gansu-city/tables/住院起付标准/本市/三级"
    run = started(client, scheme="390", **{number: "500", "i:一般居民": "1000"})
    running.execute(run.pk)
    shown = client.get(f"/simulation/{run.pk}/").content.decode()
    assert "筹资收入与结余" in shown
    assert "160,000.00" in shown
    again = client.get(f"/simulation/new/?from={run.pk}").content.decode()
    assert re.search(r'name="i:一般居民"[^>]*value="1000"', again)


def test_a_draft_of_a_policy(city: cities.City, client: Client) -> None:
    """What the studio has in the making is simulated from its first day on, though that day is yet to come."""
    book = settlement.book()
    names = book.bindings.packs_of(cities.AREA, EMPLOYEES)
    version = next(v for v in book.in_force(names, timezone.localdate()) if any(b.layers for b in v.pack.benefits))
    draft = publication.draft_from(
        version=version,
        starts_on=date(2030, 1, 1),
        operator=city.operators["reviewer"],
        area=cities.AREA,
        now=timezone.now(),
    )
    draft.text = draft.text.replace("50%", "11%").replace("60%", "12%").replace("80%", "13%").replace("65%", "14%")
    draft.save()
    assert draft.title in client.get(f"/simulation/new/?scheme={EMPLOYEES}").content.decode()
    run = started(client, kind="draft", draft=str(draft.pk))
    running.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == ("done", "")
    shown = client.get(f"/simulation/{run.pk}/").content.decode()
    assert "政策草稿" in shown
    assert "@2030-01-01" in shown
    refused = client.post("/simulation/new/", sent(kind="draft", draft="999"))
    assert "没有要对比的政策" in refused.content.decode()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "没有要对比的政策"),
        ({"kind": "packs", "packs": "nowhere"}, "没有政策包 nowhere"),
        ({"kind": "day", "against_on": "明天"}, "日期请写成"),
        ({"threshold": "两万"}, "请填写金额"),
        ({"months": "0"}, "请填写1至120的整数"),
        ({"data": "deadbeef"}, "请选择费用数据"),
        ({"i:一般居民": "很多", "scheme": "390"}, "请填写人数"),
        ({"fixed": "area.assistance_percent"}, "请写成 事实=取值"),
        ({"number": "七成"}, "不能改为“七成”"),
        ({"number": "70"}, "请写成如70%"),
        ({"number": ""}, "请填写新值"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    changes: dict[str, str], says: str, city: cities.City, client: Client
) -> None:
    given = dict(changes)
    if "number" in given:
        given[a_number()[0]] = given.pop("number")
    answer = client.post("/simulation/new/", sent(**given))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not JobRun.objects.exists()


def test_a_number_of_the_wrong_unit_is_marked_in_its_row(city: cities.City, client: Client) -> None:
    name, _ = a_number()
    page = client.post("/simulation/new/", sent(**{name: "70"})).content.decode()
    (row,) = re.findall(rf'<tr[^>]*>(?:(?!</tr>).)*name="{re.escape(name)}".*?</tr>', page, re.DOTALL)
    assert 'aria-invalid="true"' in row
    assert "不能改为“70”：这里是百分比，请写成如70%" in row
    assert "有 1 处需要改正" in page
    assert f"参数“{name[2:]}”" not in page  # no path of the pack where a row is meant


def test_a_year_without_claims_fails_with_what_to_do(city: cities.City, client: Client) -> None:
    run = started(client, **{a_number()[0]: "10%", "data": "db:1999"})
    running.execute(run.pk)
    shown = client.get(f"/simulation/{run.pk}/").content.decode()
    assert "在1999待遇年度没有结算" in shown
    assert "处理办法：请换一个年度" in shown


def test_a_run_can_be_cancelled(city: cities.City, client: Client) -> None:
    run = started(client, **{a_number()[0]: "10%"})
    JobRun.objects.filter(pk=run.pk).update(status="running")
    assert client.post(f"/simulation/{run.pk}/cancel/").status_code == 302
    running.execute(run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert "模拟已取消" in client.get(f"/simulation/{run.pk}/").content.decode()


HEAD = "人员,日期,待遇,符合范围费用,人员类别,医院级别\n"


def upload(client: Client, content: str, name: str = "claims.csv") -> Any:
    file = SimpleUploadedFile(name, content.encode())
    return client.post("/simulation/data/", {"scheme": EMPLOYEES, "file": file})


def test_a_file_is_taken_in_and_simulated(city: cities.City, client: Client) -> None:
    assert "还没有费用数据" in client.get("/simulation/data/").content.decode()
    template = client.get("/simulation/data/template/").content.decode("utf-8-sig")
    assert template.startswith("人员,日期")
    rows = "".join(f"{n},2026-03-05,住院,{n}0000.00,在职,三级\n" for n in range(1, 9))
    assert upload(client, HEAD + rows).status_code == 302
    (kept,) = simulation.Store(Path(_media()), cities.AREA).all()
    assert (kept.claims, kept.source) == (8, "upload")
    run = started(client, **{a_number()[0]: "10%", "data": kept.hash})
    running.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == ("done", "")
    assert client.post(f"/simulation/data/{kept.hash}/delete/").status_code == 302
    assert "数据已删除" in client.get(f"/simulation/{run.pk}/").content.decode()


def test_bad_rows_are_shown_and_can_be_downloaded(city: cities.City, client: Client) -> None:
    assert client.get("/simulation/data/errors/").status_code == 404
    answer = upload(client, HEAD + "1,2026-03-05,住院,一百,在职,九级\n")
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "2 处不能使用" in shown
    assert "“一百”不是金额" in shown
    book = load_workbook(BytesIO(b"".join(client.get("/simulation/data/errors/").streaming_content)))  # type: ignore[attr-defined]
    assert [cell.value for cell in book.active[2]][:2] == [1, "in_scope"]
    for content, says in (("", "已损坏"), ("人员,颜色\n1,2\n", "不认识的列 颜色")):
        assert says in upload(client, content).content.decode()


@pytest.mark.requirement("R1.9.07")
def test_runs_and_data_of_another_pooling_area_do_not_exist(
    city: cities.City, client: Client, client_of: ClientOf
) -> None:
    run = started(client, **{a_number()[0]: "10%"})
    stranger = client_of("lanzhou")
    for path in ("", "live/", "excel/"):
        assert stranger.get(f"/simulation/{run.pk}/{path}").status_code == 404
    assert stranger.post(f"/simulation/{run.pk}/cancel/").status_code == 404
    assert f"/simulation/{run.pk}/" not in stranger.get("/simulation/").content.decode()
    assert "还没有绑定政策包" in stranger.get("/simulation/new/").content.decode()


def _media() -> str:
    from django.conf import settings

    return str(settings.MEDIA_ROOT)
