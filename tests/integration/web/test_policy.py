"""政策参数: the list, a version as a document, differences, cases, trying a case, and a draft from the screen to publication."""

from __future__ import annotations

import html
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests.integration.publication.conftest import CASES, MORE, NOTICE, PACK, PHARMACY_RATIO
from tests.integration.settlement import world as worlds
from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tests.unit.policy.test_document import numbers, written_texts
from tongchou.control.api import create_operator
from tongchou.kernel.identifiers import id_check_character
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.policy.loader import read_packs
from tongchou.project import cli
from tongchou.publication.models import Draft, PublishedVersion
from tongchou.registry.models import Area

NEXT_YEAR = date(timezone.localdate().year + 1, 1, 1)
TAG = re.compile(r"<[^>]+>")


def text_of(answer: Any) -> str:
    """What a reader sees of a page, tags away."""
    body = answer.content.decode()
    return re.sub(r"\s+", " ", html.unescape(TAG.sub(" ", body[body.index("<main") :])))


@pytest.fixture
def city(db: None) -> cities.City:
    """Operators of one area; these pages need no persons and no settlements."""
    ledger.forget_accounts()  # of the cities that were here before
    made = cities.City()
    for code, name in ((cities.AREA, "陇安市"), (cities.OTHER_AREA, "兰州市")):
        Area.objects.create(code=code, name=name, pooling_area=code)
    for post in ("clerk", "reviewer"):
        made.operators[post] = create_operator(
            login=post,
            password=cities.PASSWORD,
            name="李",
            organisation="陇安市医疗保险中心",
            area=cities.AREA,
            post=post,
        )
    return made


@pytest.fixture
def makers(city: cities.City) -> None:
    """A person behind whoever makes, reviews and approves."""
    for number, post in enumerate(("reviewer", "controller", "director"), 1):
        body = f"62990119800101{number:03}"
        create_operator(
            login=post, password=cities.PASSWORD, name=f"职工{number}", organisation="陇安市医疗保险中心", area=cities.AREA,
            post=post, id_number=body + id_check_character(body),
        )  # fmt: skip


@pytest.fixture
def small(tmp_path: Path, settings: Any) -> Path:
    """The settlement tests' packs as the installation's."""
    folder = tmp_path / "policies"
    shutil.copytree(worlds.PACKS, folder)
    (folder / "cases").mkdir()
    (folder / "cases/te.yaml").write_text(CASES, "utf-8")
    settings.POLICIES_DIR = folder
    return folder


# -- reading --------------------------------------------------------------------------------------------------------------


def test_the_list_has_every_pack_by_area(city: cities.City, client_of: ClientOf) -> None:
    seen = text_of(client_of("clerk").get("/policy/"))
    assert re.search(r"陇安市 · 城乡居民基本医疗保险 \d 个，按支付顺序", seen)
    for version in (
        v for versions in PolicyBook(read_packs(default_pack_directory())).packs.values() for v in versions
    ):
        assert version.pack.title in seen
        assert version.pack.start.isoformat() in seen


def test_the_list_is_searched(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    seen = text_of(client.get("/policy/?q=武汉 门诊"))
    assert "职工门诊共济保障(武汉)" in seen
    assert "甘肃某市" not in seen
    assert "没有符合“没有的”的政策包" in text_of(client.get("/policy/?q=没有的"))


@pytest.mark.parametrize(
    ("pack", "since"),
    [
        ("gansu-city", "2007-10-01"),
        ("changsha-cii", "2016-01-01"),
        ("qingdao-employee", "2025-01-01"),
        ("bazhou-employee", None),
    ],
)
def test_the_page_of_a_version_says_every_number(
    city: cities.City, client_of: ClientOf, pack: str, since: str | None
) -> None:
    version = PolicyBook(read_packs(default_pack_directory())).packs[pack][0]
    page = text_of(client_of("clerk").get(f"/policy/packs/{pack}/{since or version.pack.start}/"))
    shown = numbers(page)
    assert [text for _, text in written_texts(version.tree) if numbers(text) - shown] == []


def test_the_text_of_a_version_is_the_file(city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("clerk").get("/policy/packs/gansu-city/2007-10-01/pack.yaml")
    assert answer.content == (default_pack_directory() / "gansu-city/gs-city.yaml").read_bytes()


def test_two_versions_are_compared_in_words(city: cities.City, client_of: ClientOf) -> None:
    seen = text_of(client_of("clerk").get("/policy/packs/wuhan-outpatient/difference/?after=2023-04-10"))
    assert "支付比例（退休、三级） 由 60% 调整为 65% （提高 5 个百分点）" in seen
    assert "本政策包只有一个版本" in text_of(client_of("clerk").get("/policy/packs/gansu-city/difference/"))


def test_the_cases_are_run_on_demand(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    assert "个案例等待运行" in text_of(client.get("/policy/packs/changsha-cii/2016-01-01/cases/"))
    seen = text_of(client.get("/policy/packs/changsha-cii/2016-01-01/cases/?run=1"))
    assert "全部通过" in seen
    assert "逐项相符" in seen


def test_as_many_cases_wait_as_are_run(client_of: ClientOf) -> None:
    """Files of another province's assistance hold cases with and without this pack; only those with it belong here."""
    client, at = client_of("clerk"), "/policy/packs/gansu-city/2007-10-01/cases/"
    waiting = re.search(r"(\d+) 个案例等待运行", text_of(client.get(at)))
    run = re.search(r"(\d+) 个，通过 (\d+) 个", text_of(client.get(f"{at}?run=1")))
    assert waiting is not None
    assert run is not None
    assert waiting[1] == run[1] == run[2]


@pytest.mark.parametrize(
    "path", ["/policy/packs/none/2007-10-01/", "/policy/packs/gansu-city/2008-10-01/", "/policy/packs/none/difference/"]
)
def test_what_is_not_there(city: cities.City, client_of: ClientOf, path: str) -> None:
    assert client_of("clerk").get(path).status_code == 404


# -- trying -------------------------------------------------------------------------------------------------------------------

STAY = {
    "chain": "629900/390", "person.type": "居民", "person.continuous_years": "1", "v1.on": "2009-06-01", "v1.benefit": "住院",
    "v1.visit.level": "一级", "v1.visit.where": "本市", "v1.bill.in_scope": "5100", "do": "run",
}  # fmt: skip


def test_a_case_is_tried(city: cities.City, client_of: ClientOf) -> None:
    """(5,100 − 100) × 65 % = 3,250."""
    seen = text_of(client_of("clerk").post("/policy/try/", STAY))
    assert "统筹基金" in seen
    assert "− 3,250.00" in seen
    assert "5,000.00 × 65%" in seen
    assert "1,850.00" in seen


def test_visits_of_a_year_are_counted_together(city: cities.City, client_of: ClientOf) -> None:
    """40,000 in June uses up the cap on cost (28,000); what comes in July is over it: large amounts pay 40 %."""
    second = {"v2.on": "2009-07-01", "v2.benefit": "住院", "v2.visit.level": "一级", "v2.bill.in_scope": "1000"}
    seen = text_of(client_of("clerk").post("/policy/try/", STAY | second | {"v1.bill.in_scope": "40000"}))
    assert "第 2 次 2009-07-01" in seen
    assert "− 400.00" in seen


def test_the_form_asks_what_the_benefit_needs(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    body = client.post("/policy/try/", STAY | {"v1.benefit": "门诊特殊病", "do": "refresh"}).content.decode()
    assert "恶性肿瘤放化疗" in body
    assert client.post("/policy/try/", STAY | {"do": "add"}).content.decode().count("次就诊</h2>") == 2


def test_what_the_policy_refuses_is_said(city: cities.City, client_of: ClientOf) -> None:
    seen = text_of(client_of("clerk").post("/policy/try/", STAY | {"v1.visit.exclusion": "交通肇事"}))
    assert "POL-020" in seen
    assert "五(十一)2" in seen


@pytest.mark.parametrize(
    "wrong", [{"v1.bill.in_scope": "abc"}, {"v1.on": "x"}, {"person.continuous_years": "x"}, {"chain": "../x"}]
)
def test_wrong_entries_are_told(city: cities.City, client_of: ClientOf, wrong: dict[str, str]) -> None:
    answer = client_of("clerk").post("/policy/try/", STAY | wrong)
    assert answer.status_code == 200


def test_a_wrong_amount_is_named_by_its_field(client_of: ClientOf) -> None:
    seen = text_of(client_of("clerk").post("/policy/try/", STAY | {"v1.bill.in_scope": "8万", "v1.account": "1.005"}))
    assert "符合范围费用“8万”不是金额。只写数字，单位是元" in seen
    assert "账户余额“1.005”不是金额。金额到分为止" in seen
    assert "in_scope" not in seen
    assert "案例:" not in seen


def test_the_case_file_is_accepted_by_the_command_and_by_the_page(
    city: cities.City, client_of: ClientOf, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = client_of("clerk")
    file = tmp_path / "case.yaml"
    file.write_bytes(client.post("/policy/try/", STAY | {"do": "file"}).content)
    assert cli.main(["policy", "evaluate", "--pack", str(default_pack_directory()), "--case", str(file)]) == 0
    assert "统筹基金  -3250.00" in capsys.readouterr().out
    seen = text_of(client.post("/policy/try/", {"file": SimpleUploadedFile("case.yaml", file.read_bytes())}))
    assert "与期望相符" in seen
    assert "− 3,250.00" in seen


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\x00",
        b"a: [",
        b"cases: []",
        b"x" * 600_000,
        b"title: x\ncases:\n  - {id: 1}\n",
        b"cases:\n" + b"  - {id: 1, title: x}\n" * 101,
    ],
)
def test_what_is_no_case_file(city: cities.City, client_of: ClientOf, content: bytes) -> None:
    answer = client_of("clerk").post("/policy/try/", {"file": SimpleUploadedFile("case.yaml", content)})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


# -- drafts -------------------------------------------------------------------------------------------------------------------


def start(client: Client) -> Draft:
    """A draft of the test pack, by the button."""
    answer = client.post(f"/policy/packs/{PACK}/2020-01-01/draft/")
    assert answer.status_code == 302
    return Draft.objects.get()


def save(client: Client, draft: Draft, **more: str) -> Any:
    data = {
        "starts_on": NEXT_YEAR.isoformat(),
        "cite": NOTICE,
        "note": "",
        f"value:{PHARMACY_RATIO}": "80%",
        "then": "trial",
    }
    return client.post(f"/policy/drafts/{draft.pk}/save/", data | more)


@pytest.mark.requirement("R1.9.01")
def test_from_the_screen_to_publication_and_back(
    small: Path, city: cities.City, makers: None, client_of: ClientOf
) -> None:
    maker = client_of("reviewer")
    draft = start(maker)
    at = f"/policy/drafts/{draft.pk}/"
    assert f'name="value:{PHARMACY_RATIO}"' in maker.get(at).content.decode()
    assert save(maker, draft).status_code == 302
    trial = maker.get(f"{at}trial/")
    (link,) = re.findall(r'href="(/simulation/new/[^"]+)"', trial.content.decode())
    assert f"scheme=310&amp;draft={draft.pk}" in link
    assert re.search(rf'<option value="{draft.pk}" selected', maker.get(html.unescape(link)).content.decode())
    seen = text_of(trial)
    assert "支付比例（药店） 由 70% 调整为 80% （提高 10 个百分点） 依据：某医保〔2026〕30号第一条" in seen
    assert "TE-1 药店，起付标准200元以上付70%" in seen
    assert "outpatient应为70.00，算得80.00" in seen
    refused = maker.post(f"{at}submit/", {"reason": "调整"})
    assert refused.status_code == 422
    maker.post(f"{at}expectation/", {"case": "TE-1", "expect:1/outpatient": "80", "reason": "(300−200)×80%"})
    assert "期望已改" in text_of(maker.get(f"{at}trial/"))
    answer = maker.post(f"{at}submit/", {"reason": "调整药店比例"})
    case = answer.headers["Location"]
    seal = r'name="seen" value="([0-9a-f]{64})"'
    for login in ("controller", "director"):
        client = client_of(login)
        page = client.get(case).content.decode()
        assert "支付比例（药店）" in page
        assert "80%（提高 10 个百分点）" in page
        seen_hash = re.search(seal, page)
        assert seen_hash
        client.post(f"{case}approve/", {"seen": seen_hash.group(1), "reason": ""})
    version = PublishedVersion.objects.get()
    page = text_of(maker.get(f"/policy/packs/{PACK}/{NEXT_YEAR}/"))
    assert "本中心发布" in page
    assert "待生效" in page
    assert NOTICE in page
    assert "待生效" in text_of(maker.get("/policy/"))
    assert maker.get(f"/policy/packs/{PACK}/{NEXT_YEAR}/pack.yaml").content.decode() == version.text
    undone = maker.post(f"/policy/packs/{PACK}/{NEXT_YEAR}/undo/", {"reason": "推迟"})
    assert undone.headers["Location"].startswith("/control/cases/")
    assert maker.post(f"/policy/packs/{PACK}/2020-01-01/undo/", {"reason": "x"}).status_code == 404


def test_nothing_typed_is_lost(small: Path, city: cities.City, makers: None, client_of: ClientOf) -> None:
    maker = client_of("reviewer")
    draft = start(maker)
    answer = save(maker, draft, **{f"value:{PHARMACY_RATIO}": "80"})
    assert answer.status_code == 422
    assert f'name="value:{PHARMACY_RATIO}" value="80"' in answer.content.decode()
    assert "百分比" in text_of(answer)
    answer = save(maker, draft, cite="")
    assert answer.status_code == 422
    assert "没有注明条款" in text_of(answer)
    assert save(maker, draft, starts_on="then").status_code == 422


def test_findings_are_shown_with_line_and_remedy(
    small: Path, city: cities.City, makers: None, client_of: ClientOf
) -> None:
    maker = client_of("reviewer")
    draft = start(maker)
    save(maker, draft, **{f"value:{PHARMACY_RATIO}": "180%"})
    seen = text_of(maker.get(f"/policy/drafts/{draft.pk}/trial/"))
    assert "超过100%" in seen
    assert "请核对各项调整" in seen


def test_a_pack_is_uploaded_corrected_and_given_up(
    small: Path, city: cities.City, makers: None, client_of: ClientOf
) -> None:
    maker = client_of("reviewer")
    text = (small / "test-employee.yaml").read_text("utf-8").replace("from: 2020-01-01", f"from: {NEXT_YEAR}")
    maker.post(
        "/policy/drafts/upload/", {"file": SimpleUploadedFile("p.yaml", text.replace("药店: 70%", "药店: 70").encode())}
    )
    draft = Draft.objects.get()
    at = f"/policy/drafts/{draft.pk}/"
    assert "比例没有单位" in text_of(maker.get(f"{at}trial/"))
    maker.post(f"{at}save/", {"starts_on": NEXT_YEAR.isoformat(), "text": text.replace("药店: 70%", "药店: 75%")})
    assert "没有错误" in text_of(maker.get(f"{at}trial/"))
    maker.post(f"{at}cases/", {"file": SimpleUploadedFile("c.yaml", b"a: [")})
    maker.post(f"{at}withdraw/")
    assert Draft.objects.get().state == "withdrawn"
    maker.post("/policy/drafts/upload/", {})
    assert "没有选择文件" in text_of(maker.get("/policy/drafts/"))


def test_another_citys_draft_is_not_there(small: Path, city: cities.City, makers: None, client_of: ClientOf) -> None:
    maker = client_of("reviewer")
    draft = start(maker)
    Draft.objects.update(area="620100")
    assert maker.get(f"/policy/drafts/{draft.pk}/").status_code == 404
    assert maker.get("/policy/drafts/999/").status_code == 404


# -- which packs a scheme uses ------------------------------------------------------------------------------------------------


def test_an_arrangement_from_the_screen_to_publication_and_back(
    small: Path, city: cities.City, makers: None, client_of: ClientOf
) -> None:
    (small / "test-more.yaml").write_text(MORE, "utf-8")
    maker = client_of("reviewer")
    history = "/policy/arrangements/629900/310/"
    assert "一直采用" in text_of(maker.get(history))
    assert maker.get("/policy/arrangements/629900/999/").status_code == 404
    maker.post("/policy/arrangements/draft/", {"scheme": "310"})
    draft = Draft.objects.get()
    at = f"/policy/drafts/{draft.pk}/"
    form: dict[str, Any] = {"starts_on": NEXT_YEAR.isoformat(), "cite": NOTICE, "note": "", "pack": [PACK]}
    added = maker.post(f"{at}save/", form | {"do": "add", "new": "test-more"})
    assert "改动还没有保存" in text_of(added)
    assert "新增 采用 测试用公务员补助（test-more）： 第2位支付" in text_of(added)
    form["pack"] = [PACK, "test-more"]
    moved = maker.post(f"{at}save/", form | {"do": "up:test-more"}).content.decode()
    assert re.findall(r'name="pack" value="([^"]+)"', moved) == ["test-more", PACK]
    gone = maker.post(f"{at}save/", form | {"do": f"drop:{PACK}"}).content.decode()
    assert re.findall(r'name="pack" value="([^"]+)"', gone) == ["test-more"]
    assert maker.post(f"{at}save/", form | {"starts_on": "then"}).status_code == 422
    assert maker.post(f"{at}save/", form | {"then": "trial", "reading:AMB-T": "B"}).headers["Location"] == f"{at}trial/"
    assert "readings: {AMB-T: B}" in Draft.objects.get().text
    seen = text_of(maker.get(f"{at}trial/"))
    assert "对照现在采用的" in seen
    assert "没有错误" in seen
    case = maker.post(f"{at}submit/", {"reason": "采用补助"}).headers["Location"]
    for login in ("controller", "director"):
        client = client_of(login)
        page = client.get(case).content.decode()
        assert "采用 测试用公务员补助" in page
        found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
        assert found
        client.post(f"{case}approve/", {"seen": found.group(1), "reason": ""})
    seen = text_of(maker.get(history))
    assert f"自 {NEXT_YEAR} 起 待生效" in seen
    assert "本统筹区另选" in seen
    listed = text_of(maker.get("/policy/"))
    assert f"自 {NEXT_YEAR} 起采用" in listed
    undone = maker.post(f"{history}{NEXT_YEAR}/undo/", {"reason": "推迟"})
    assert undone.headers["Location"].startswith("/control/cases/")
    assert maker.post(f"{history}2020-01-01/undo/", {"reason": "x"}).status_code == 404


def test_a_scheme_without_packs_gets_its_first_ones(
    small: Path, city: cities.City, makers: None, client_of: ClientOf
) -> None:
    maker = client_of("reviewer")
    maker.post("/policy/arrangements/draft/", {"scheme": "39", "title": "x"})
    assert "没有三位数字的代码" in text_of(maker.get("/policy/drafts/"))
    maker.post("/policy/arrangements/draft/", {"scheme": "390", "title": "城乡居民基本医疗保险"})
    draft = Draft.objects.get()
    seen = text_of(maker.get(f"/policy/drafts/{draft.pk}/"))
    assert "还没有选政策包" in seen
    assert "没有绑定任何政策包" in text_of(maker.get(f"/policy/drafts/{draft.pk}/trial/"))
