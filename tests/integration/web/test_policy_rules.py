"""改动规则: bands, limits, conditions, tables and the order of layers changed by form, checked after each, taken back."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.publication.conftest import NOTICE, PACK, PHARMACY_RATIO, change_case, decide
from tests.integration.settlement import world as worlds
from tests.integration.web.conftest import ClientOf
from tests.integration.web.test_policy import NEXT_YEAR, city, makers, small, start, text_of  # noqa: F401 - fixtures
from tongchou.control.models import Operator
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill
from tongchou.policy.editing import PUT, Edit
from tongchou.publication import api as publication
from tongchou.publication.models import Draft

LAYER = ["benefits", 0, "layers", 0]
STAY = ["benefits", 1]
pytestmark = pytest.mark.usefixtures("small", "city", "makers")


@pytest.fixture
def maker(client_of: ClientOf) -> Client:
    return client_of("reviewer")


@pytest.fixture
def draft(maker: Client) -> Draft:
    return start(maker)


def change(client: Client, draft: Draft, do: str, at: list[Any], cite: str = NOTICE, **fields: str) -> Any:
    """One form of the page, sent; keys with a dash in front are not fields of the entry."""
    data = {"do": do, "at": json.dumps(at), "part": json.dumps(at[:2]), "cite": cite}
    data |= {key[1:] if key.startswith("_") else f"f:{key}": value for key, value in fields.items()}
    answer = client.post(f"/policy/drafts/{draft.pk}/rules/change/", data)
    draft.refresh_from_db()
    return answer


def pays(draft: Draft, benefit: str, yuan: int, **facts: Any) -> int:
    """What the funds pay under the draft, in fen."""
    book = publication.tried(draft, with_cases=False).book
    assert book is not None
    plan = book.plan_of([PACK], benefit=benefit, on=draft.starts_on)
    given = {"visit.level": "三级", "person.type": "在职", "visit.exclusion": "无"} | {
        k.replace("__", "."): v for k, v in facts.items()
    }
    return plan.evaluate(given, Bill(in_scope=yuan * 100), {}).fund_pay


def test_bands_are_added_changed_and_taken_away(maker: Client, draft: Draft) -> None:
    """住院: (10,500 − 500) × 80 % = 8,000; with 60 % up to 5,000 above the deductible: 3,000 + 4,000 = 7,000."""
    at = [*STAY, "layers", 0, "bands"]
    assert pays(draft, "住院", 10_500) == 800_000
    assert change(maker, draft, "add", at, to="5000", ratio="60%", _index="0").status_code == 302
    assert pays(draft, "住院", 10_500) == 700_000
    assert f"- {{to: 5000, ratio: 60%, cite: {NOTICE}}}" in draft.text or "to: 5000" in draft.text
    change(maker, draft, "save", [*at, 0], to="5000", ratio="70%", cite_="")
    assert pays(draft, "住院", 10_500) == 750_000
    change(maker, draft, "drop", [*at, 0])
    assert pays(draft, "住院", 10_500) == 800_000
    assert [entry["words"].partition("：")[0] for entry in draft.edits] == ["住院 · 统筹基金 · 分段和比例"] * 3


def test_every_change_shows_the_check_and_the_document(maker: Client, draft: Draft) -> None:
    at = [*STAY, "layers", 0, "bands"]
    change(maker, draft, "add", at, to="5000", ratio="160%", _index="0")
    seen = text_of(maker.get(f"/policy/drafts/{draft.pk}/rules/"))
    assert "超过100%" in seen
    assert "住院 · 统筹基金 · 分段和比例：加入第1项 {to: 5000, ratio: 160%} 依据：某医保〔2026〕30号第一条" in seen
    assert "文件现在这样写" in seen
    assert "160%" in seen[seen.index("文件现在这样写") :]


def test_a_limit_a_condition_and_an_adjustment(maker: Client, draft: Draft) -> None:
    layer = [*STAY, "layers", 0]
    change(
        maker,
        draft,
        "add",
        [*layer, "caps"],
        on="payment",
        per="visit",
        amount="3000",
        rest_to="uncovered",
        title="每次限额",
    )
    assert pays(draft, "住院", 10_500) == 300_000
    change(maker, draft, "save", [*layer, "caps", 1], amount="4000", when="person.type == 在职")
    assert pays(draft, "住院", 10_500) == 400_000
    assert pays(draft, "住院", 10_500, person__type="退休") == 800_000
    change(maker, draft, "add", [*layer, "adjust"], add="5pp", when="person.type == 退休", label="退休人员")
    assert pays(draft, "住院", 10_500, person__type="退休") == 850_000
    change(maker, draft, "save", layer, title="统筹基金", when="person.type == 退休")
    assert pays(draft, "住院", 10_500) == 0
    change(maker, draft, "save", layer, title="统筹基金", when="")
    assert pays(draft, "住院", 10_500) == 400_000
    change(maker, draft, "add", [*STAY, "requires"], when="person.type == 退休", because="只给退休人员")
    with pytest.raises(Rejection, match="只给退休人员"):
        pays(draft, "住院", 10_500)


def test_a_cell_of_a_table_in_a_band(maker: Client, draft: Draft) -> None:
    at = [*LAYER, "bands", 0]
    table = "{by: visit.level, 一级: 70%, 二级: 60%, 三级: 55%, 社区: 70%, 药店: 70%, cite: 测试一}"
    change(maker, draft, "save", at, ratio=table)
    assert pays(draft, "普通门诊", 300) == 5_500
    refused = change(maker, draft, "save", at, ratio="{by: visit.level, 一级: 70%")
    assert refused.status_code == 422
    assert "{by: visit.level, 一级: 70%" in html.unescape(refused.content.decode())  # nothing typed is lost
    assert pays(draft, "普通门诊", 300) == 5_500


def test_layers_change_their_order(maker: Client, draft: Draft) -> None:
    change(maker, draft, "down", [*STAY, "layers", 0])
    seen = maker.get(f"/policy/drafts/{draft.pk}/rules/").content.decode()
    assert re.findall(r"<h3>(\d\. [^<]+)</h3>", seen)[1:] == ["1. 大额补助", "2. 统筹基金"]
    assert "测试三" in draft.text


def test_changes_are_taken_back_one_by_one_and_numbers_stay(maker: Client, draft: Draft) -> None:
    before = draft.text
    layer = [*STAY, "layers", 0]
    change(maker, draft, "add", [*layer, "bands"], to="5000", ratio="60%", _index="0")
    one = draft.text
    change(maker, draft, "drop", [*layer, "deductible"])
    assert pays(draft, "住院", 10_500) == 740_000
    saved = {"starts_on": NEXT_YEAR.isoformat(), "cite": NOTICE, "note": "", f"value:{PHARMACY_RATIO}": "80%"}
    maker.post(f"/policy/drafts/{draft.pk}/save/", saved)
    draft.refresh_from_db()
    assert pays(draft, "住院", 10_500) == 740_000  # a number changed afterwards keeps the rules
    assert pays(draft, "药店购药", 300, visit__level="药店") == 8_000
    change(maker, draft, "undo", layer)
    assert "value: 80%" in draft.text
    maker.post(f"/policy/drafts/{draft.pk}/save/", saved | {f"value:{PHARMACY_RATIO}": "70%"})
    draft.refresh_from_db()
    assert draft.text == one
    change(maker, draft, "undo", layer)
    assert draft.text == before
    assert change(maker, draft, "undo", layer).status_code == 422


@pytest.mark.parametrize(
    ("do", "at", "cite", "code"),
    [
        ("add", [*STAY, "layers", 0, "bands"], "", "改动的依据"),
        ("add", ["pack"], NOTICE, "没有“"),
        ("save", ["version", "from"], NOTICE, "没有“"),
        ("drop", [*STAY, "layers", 0, "bands", 9], NOTICE, "没有“"),
        ("up", [*STAY, "layers", 0], NOTICE, "没有“"),
        ("add", [], NOTICE, "没有“"),
    ],
)
def test_what_is_refused(maker: Client, draft: Draft, do: str, at: list[Any], cite: str, code: str) -> None:
    answer = change(maker, draft, do, at, cite, ratio="50%")
    assert answer.status_code == 422
    assert code in text_of(answer)
    assert draft.edits == []


def test_an_uploaded_text_is_changed_by_form_too(maker: Client, draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(base_text="", base="")
    draft.refresh_from_db()
    before = draft.text
    change(maker, draft, "add", [*STAY, "layers", 0, "bands"], to="5000", ratio="60%", _index="0")
    assert pays(draft, "住院", 10_500) == 700_000
    change(maker, draft, "undo", STAY)
    assert draft.text == before


@pytest.mark.requirement("R0.49", "R0.50")
def test_changed_rules_are_reviewed_in_words_and_published(maker: Client, draft: Draft) -> None:
    from tongchou.control.models import Case
    from tongchou.control.services.case_kinds import kind_of

    people = {post: Operator.objects.get(login=post) for post in ("reviewer", "controller", "director")}
    publication.edit_rules(
        draft=draft, edits=[Edit(PUT, (*LAYER, "bands", 0, "ratio", "药店"), "80%")], words="药店比例", cite=NOTICE,
        operator=people["reviewer"], now=timezone.now(),
    )  # fmt: skip
    change_case(draft, people)
    case_id = publication.hand_in(draft=draft, reason="调整", operator=people["reviewer"], now=timezone.now())
    lines = kind_of("policy.publication").describe(json.loads(Case.objects.get(pk=case_id).payload))
    assert any(line.label == "规则改动：药店比例" and NOTICE in line.after for line in lines)
    with pytest.raises(Rejection, match="PUBL-002"):
        publication.undo_rule(draft=draft, operator=people["reviewer"], now=timezone.now())
    decide(people, case_id)
    book = publication.library()
    plan = book.plan(area=worlds.POOL, scheme="310", benefit="药店购药", on=NEXT_YEAR)
    facts = {"visit.level": "药店", "person.type": "在职", "visit.exclusion": "无"}
    assert plan.evaluate(facts, Bill(in_scope=30_000), {}).fund_pay == 8_000
