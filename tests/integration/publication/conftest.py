"""The settlement tests' small world with its packs as the installation's files, and three people who publish."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.integration.settlement import world as worlds
from tongchou.control.api import Operator, approve, create_operator
from tongchou.kernel.identifiers import id_check_character
from tongchou.publication import api as publication
from tongchou.settlement import planning

POSTS = ("reviewer", "controller", "director", "clerk")
PACK = "test-employee"
OUTPATIENT = f"{PACK}/benefits/普通门诊、药店购药/layers/outpatient"
PHARMACY_RATIO = f"{OUTPATIENT}/bands/1/ratio/药店"
MORE = """
language: 1
pack: test-more
title: 测试用公务员补助
source: {title: 测试补助办法}
version: {from: 2020-01-01}
funds: {"320100": 公务员医疗补助基金}
ambiguities:
  - {id: AMB-T, text: 补助比例, readings: {A: 一半, B: 全部}, adopted: A, why: 测试}
benefits:
  - name: [普通门诊, 药店购药]
    cite: 补助一
    layers:
      - {id: more, title: 公务员补助, pays_from: "320100", base: [copay], cite: 补助一, bands: [{ratio: {by_reading: AMB-T, A: 50%, B: 100%}}]}
"""
"""A pack that a scheme may take in addition: half of what the person bears, or all of it in the other reading."""
NOTICE = "某医保〔2026〕30号第一条"
CASES = """
title: 测试
packs: [test-employee]
on: 2026-06-01
benefit: 普通门诊
cases:
  - id: TE-1
    title: 药店，起付标准200元以上付70%
    facts: {visit.level: 药店, person.type: 在职}
    bill: {in_scope: 300}
    expect: {outpatient: 70.00, deductible: 200.00}
  - id: TE-2
    title: 二级医院，两次
    facts: {visit.level: 二级, person.type: 在职}
    visits:
      - {bill: {in_scope: 300}, expect: {outpatient: 60.00}}
      - {bill: {in_scope: 100}, expect: {outpatient: 60.00}}
"""


@pytest.fixture
def policies(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The installation's packs: the test pack, its binding, two cases."""
    folder = tmp_path / "policies"
    shutil.copytree(worlds.PACKS, folder)
    (folder / "cases").mkdir()
    (folder / "cases/te.yaml").write_text(CASES, "utf-8")
    settings.POLICIES_DIR = folder
    planning.use_book(None)
    yield folder
    planning.use_book(None)


@pytest.fixture
def people(db: None) -> dict[str, Operator]:
    """Who makes, who reviews, who approves, and a clerk; each a person of their own."""
    return make_people()


def make_people() -> dict[str, Operator]:
    """See :func:`people`."""
    found = {}
    for number, post in enumerate(POSTS, 1):
        body = f"62990119800101{number:03}"
        found[post] = create_operator(
            login=post,
            password="only-for-tests-7",
            name=f"职工{number}",
            organisation="测试市医疗保险中心",
            area=worlds.POOL,
            post=post,
            id_number=body + id_check_character(body),
        )
    return found


def make_draft(people: dict[str, Operator], *, start: date, ratio: str = "80%") -> publication.Draft:
    """A draft that pays so much of a pharmacy's bill."""
    version = publication.load(bound_only=False).book.packs[PACK][-1]
    maker, now = people["reviewer"], timezone.now()
    draft = publication.draft_from(version=version, starts_on=start, operator=maker, area=worlds.POOL, now=now)
    return publication.amend(
        draft=draft, starts_on=start, note="", changes={PHARMACY_RATIO: (ratio, NOTICE)}, operator=maker, now=now
    )


def change_case(draft: publication.Draft, people: dict[str, Operator], expected: str = "80.00") -> None:
    """Write down what the pharmacy case gives now: (300 − 200) × 80 %."""
    publication.change_expectation(
        draft=draft, case="TE-1", expect={"1/outpatient": expected}, reason="(300−200)×80%=80",
        operator=people["reviewer"], now=timezone.now(),
    )  # fmt: skip


def decide(people: dict[str, Operator], case_id: int) -> Any:
    """Review and approve."""
    from tongchou.control.models import Case

    seen = Case.objects.get(pk=case_id).payload_hash
    approve(case_id=case_id, operator=people["controller"], seen_hash=seen, now=timezone.now())
    return approve(case_id=case_id, operator=people["director"], seen_hash=seen, now=timezone.now())


def publish(people: dict[str, Operator], *, start: date) -> publication.PublishedVersion:
    """A draft all the way."""
    draft = make_draft(people, start=start)
    change_case(draft, people)
    case_id = publication.hand_in(
        draft=draft, reason="调整药店支付比例", operator=people["reviewer"], now=timezone.now()
    )
    decide(people, case_id)
    return publication.PublishedVersion.objects.get(pack=PACK, starts_on=start, undoing=None)


MakeDraft = Callable[..., publication.Draft]
