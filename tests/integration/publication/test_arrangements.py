"""Which packs a scheme uses: drafted, checked, tried, reviewed by others, in force from its day, taken back before it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.integration.publication.conftest import MORE, NOTICE, PACK, change_case, decide, make_draft, publish
from tests.integration.settlement import world as worlds
from tongchou.control.api import Operator, approve
from tongchou.control.models import Case, Trail
from tongchou.control.services.case_kinds import kind_of
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill
from tongchou.project import cli
from tongchou.publication import api as publication
from tongchou.publication.models import Draft, PublishedVersion
from tongchou.settlement import planning
from tongchou.settlement.core.tables import MED_TYPES
from tongchou.web.control.trail_words import address_of

pytestmark = pytest.mark.django_db
People = dict[str, Operator]
TODAY = timezone.localdate()
NEXT_YEAR = date(TODAY.year + 1, 1, 1)
AREA_CASES = """
title: 测试市职工
area: "629900"
scheme: "310"
on: 2026-06-01
benefit: 药店购药
cases:
  - {id: TA-1, title: 药店300元, facts: {visit.level: 药店, person.type: 在职}, bill: {in_scope: 300}, expect: {fund: 70.00}}
"""


@pytest.fixture(autouse=True)
def more(policies: Path) -> Path:
    """A second pack that nobody uses yet, and a case of the whole scheme."""
    (policies / "test-more.yaml").write_text(MORE, "utf-8")
    (policies / "cases/area.yaml").write_text(AREA_CASES, "utf-8")
    return policies


def draft_of(
    people: People,
    *,
    start: date = NEXT_YEAR,
    packs: tuple[str, ...] = (PACK, "test-more"),
    readings: dict[str, str] | None = None,
    cite: str = NOTICE,
) -> Draft:
    made = publication.draft_arrangement(
        area=worlds.POOL, area_name="", scheme="310", title="", starts_on=start, operator=people["reviewer"],
        now=timezone.now(),
    )  # fmt: skip
    return publication.arrange(
        draft=made, starts_on=start, packs=packs, readings=readings or {}, cite=cite, note="", operator=people["reviewer"],
        now=timezone.now(),
    )  # fmt: skip


def expect(draft: Draft, people: People, amount: str = "85.00") -> None:
    """(300 − 200) × 70 % = 70; of the 30 that are left the second pack pays half: 85."""
    publication.change_expectation(
        draft=draft, case="TA-1", expect={"1/fund": amount}, reason="70+30×50%=85", operator=people["reviewer"],
        now=timezone.now(),
    )  # fmt: skip


def hand_in(draft: Draft, people: People) -> int:
    return publication.hand_in(draft=draft, reason="采用补助", operator=people["reviewer"], now=timezone.now())


def published(people: People, *, start: date = NEXT_YEAR) -> PublishedVersion:
    draft = draft_of(people, start=start)
    expect(draft, people)
    decide(people, hand_in(draft, people))
    return PublishedVersion.objects.get(pack="629900/310", starts_on=start, undoing=None)


def fund_pays(day: date) -> int:
    """What the funds pay of a pharmacy bill of 300 yuan on a day, in fen, as settlement decides it."""
    plan = planning.book().plan(area=worlds.POOL, scheme="310", benefit="药店购药", on=day)
    facts = {"visit.level": "药店", "person.type": "在职", "visit.exclusion": "无"}
    return plan.evaluate(facts, Bill(in_scope=30_000), {}).fund_pay


# -- the way --------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R0.49", "R0.50")
def test_another_chain_from_the_draft_to_the_counter(people: People) -> None:
    draft = draft_of(people)
    assert (draft.title, draft.amends, draft.arranges) == ("职工基本医疗保险：采用的政策包", False, True)
    outcome = publication.tried(draft)
    assert [change.words for change in outcome.differences if change.address != "version"] == [
        f"新增 采用 测试用公务员补助（test-more）：第2位支付，依据：{NOTICE}"
    ]
    assert outcome.failing[0].result.failures == ("第1次就诊：fund应为70.00，算得85.00",)
    with pytest.raises(Rejection, match="PUBL-004"):
        hand_in(draft, people)
    expect(draft, people)
    case_id = hand_in(draft, people)
    assert fund_pays(NEXT_YEAR) == 7_000
    seen = Case.objects.get(pk=case_id).payload_hash
    with pytest.raises(Rejection, match="CTRL-"):
        approve(case_id=case_id, operator=people["reviewer"], seen_hash=seen, now=timezone.now())
    decide(people, case_id)
    assert (fund_pays(NEXT_YEAR - timedelta(days=1)), fund_pays(NEXT_YEAR)) == (7_000, 8_500)
    version = PublishedVersion.objects.get()
    assert (version.pack, version.starts_on, version.arranges) == ("629900/310", NEXT_YEAR, True)
    told = Trail.objects.get(action="publish", object_kind="publication_publishedversion")
    assert address_of(kind=told.object_kind, number=told.object_id) == "/policy/arrangements/629900/310/"
    assert publication.check() == []


def test_the_reviewer_reads_it_in_words(people: People) -> None:
    draft = draft_of(people, readings={"AMB-T": "B"})
    expect(draft, people, "100.00")
    case = Case.objects.get(pk=hand_in(draft, people))
    lines = kind_of(case.kind).describe(__import__("json").loads(case.payload))
    said = {line.label: (line.before, line.after) for line in lines}
    assert said["采用 测试用公务员补助（test-more）"] == ("无", f"第2位支付；依据：{NOTICE}")
    assert said["对“补助比例”的理解"] == ("无", f"B（全部）；依据：{NOTICE}")


def test_it_is_taken_back_before_its_day(people: People) -> None:
    version = published(people)
    case_id = publication.propose_undoing(version=version, reason="推迟", maker=people["reviewer"], now=timezone.now())
    decide(people, case_id)
    assert fund_pays(NEXT_YEAR) == 7_000
    published(people)  # the day is free again
    assert fund_pays(NEXT_YEAR) == 8_500


def test_what_is_in_force_is_replaced_and_not_taken_back(people: People) -> None:
    version = published(people, start=TODAY)
    with pytest.raises(Rejection, match="PUBL-010"):
        publication.propose_undoing(version=version, reason="x", maker=people["reviewer"], now=timezone.now())
    back = draft_of(people, packs=(PACK,))
    assert publication.tried(back).base_words == f"自{TODAY}起采用的"
    expect(back, people, "70.00")  # the case was published with 85
    decide(people, hand_in(back, people))
    assert (fund_pays(TODAY), fund_pays(NEXT_YEAR)) == (8_500, 7_000)


# -- what is refused ----------------------------------------------------------------------------------------------------------


def test_what_hinders(people: People) -> None:
    with pytest.raises(Rejection, match="PUBL-011"):
        hand_in(draft_of(people, cite=""), people)
    with pytest.raises(Rejection, match="PUBL-005"):
        hand_in(draft_of(people, packs=(PACK,)), people)
    with pytest.raises(Rejection, match="PUBL-014"):
        draft_of(people, packs=(PACK, "nothing"))
    with pytest.raises(Rejection, match="PUBL-003"):
        hand_in(draft_of(people, packs=()), people)
    with pytest.raises(Rejection, match="PUBL-013"):
        publication.draft_arrangement(
            area=worlds.POOL, area_name="", scheme="31", title="x", starts_on=NEXT_YEAR, operator=people["reviewer"],
            now=timezone.now(),
        )  # fmt: skip
    with pytest.raises(Rejection, match="CTRL-003"):
        publication.draft_arrangement(
            area=worlds.POOL, area_name="", scheme="310", title="", starts_on=NEXT_YEAR, operator=people["clerk"],
            now=timezone.now(),
        )  # fmt: skip


def test_two_drafts_of_one_base(people: People) -> None:
    second = draft_of(people, start=NEXT_YEAR.replace(month=7))
    expect(second, people)
    case_id = hand_in(second, people)
    published(people)
    with pytest.raises(Rejection, match=r"PUBL-00[57]"):
        decide(people, case_id)
    taken = draft_of(people, packs=(PACK,))
    assert any("已有自" in finding.message for finding in publication.tried(taken).errors)


def test_a_pack_that_an_arrangement_needs_is_not_taken_back(policies: Path, people: People) -> None:
    """The new pack is published for next year, then the arrangement that uses it: the arrangement goes first."""
    (policies / "test-more.yaml").unlink()
    text = MORE.replace("from: 2020-01-01", f"from: {NEXT_YEAR}")
    uploaded = publication.draft_from_upload(
        name="more.yaml", content=text.encode(), operator=people["reviewer"], area=worlds.POOL, now=timezone.now()
    )
    decide(people, hand_in(uploaded, people))
    new_pack = PublishedVersion.objects.get(pack="test-more")
    chain = published(people)
    maker = people["reviewer"]
    with pytest.raises(Rejection, match="PUBL-015") as refused:
        publication.propose_undoing(version=new_pack, reason="x", maker=maker, now=timezone.now())
    assert "没有政策包“test-more”" in str(refused.value)
    for version in (chain, new_pack):
        case_id = publication.propose_undoing(version=version, reason="x", maker=people["reviewer"], now=timezone.now())
        decide(people, case_id)
    assert fund_pays(NEXT_YEAR) == 7_000
    assert publication.check() == []


def test_an_arrangement_that_this_software_cannot_use_refuses_its_scheme_only(people: People) -> None:
    text = publication.tried(draft_of(people)).arranged
    assert text is not None
    broken = draft_of(people).text.replace("test-more", "test-gone")
    PublishedVersion.objects.create(
        pack="629900/310", title="x", starts_on=NEXT_YEAR, published_at=timezone.now(), hash="0" * 64, text=broken,
        case_id=1, maker="x", area=worlds.POOL,
    )  # fmt: skip
    assert {finding.number for finding in publication.check()} == {"P1", "P2"}
    kind = MED_TYPES["41"]
    planning.choose_plan(area=worlds.POOL, scheme="310", med_type=kind, on=NEXT_YEAR - timedelta(days=1))
    planning.book()
    with pytest.raises(Rejection, match="PUBL-020"):
        planning.choose_plan(area=worlds.POOL, scheme="310", med_type=kind, on=NEXT_YEAR)


# -- what was known when --------------------------------------------------------------------------------------------------


def test_the_day_of_publication_is_known(policies: Path, people: People) -> None:
    """Published today: whoever looks with the knowledge of yesterday sees neither the version nor the arrangement."""
    (policies / "cases/area.yaml").unlink()
    publish(people, start=NEXT_YEAR.replace(month=7))
    decide(people, hand_in(draft_of(people), people))
    yesterday, today = publication.known_on(TODAY - timedelta(days=1)), publication.known_on(TODAY)
    assert [version.pack.published for version in today.packs[PACK]] == [None, TODAY]
    assert [bound.published for bound in today.bindings] == [None, TODAY]
    assert [len(yesterday.packs[PACK]), len(list(yesterday.bindings))] == [1, 1]


def test_what_was_undone_was_known_until_then(people: People) -> None:
    version = published(people)
    case_id = publication.propose_undoing(version=version, reason="推迟", maker=people["reviewer"], now=timezone.now())
    decide(people, case_id)
    assert len(list(publication.known_on(TODAY).bindings)) == 1


def test_a_new_version_of_a_pack_is_tried_in_every_chain_that_uses_it(people: People) -> None:
    published(people)
    draft = make_draft(people, start=NEXT_YEAR.replace(month=3))
    change_case(draft, people)
    outcome = publication.tried(draft)
    failing = {case.id: case.result.failures for case in outcome.failing}
    assert failing == {
        "TA-1": ("第1次就诊：fund应为85.00，算得90.00",)
    }  # 80 + 20 × 50 % under the published expectation


def test_the_command_evaluates_by_what_was_known(
    people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same case of next year: 85 by what is published today, 70 by what was known yesterday."""
    published(people)
    case = tmp_path / "case.yaml"
    case.write_text(AREA_CASES.replace("2026-06-01", str(NEXT_YEAR)).replace("fund: 70.00", "fund: 85.00"), "utf-8")
    args = ["policy", "evaluate", "--published", "--case", str(case)]
    for as_of, result in ((None, 0), (TODAY, 0), (TODAY - timedelta(days=1), 1)):
        parsed = cli.build_parser().parse_args([*args, *(["--as-of", f"{as_of}"] if as_of else [])])
        assert parsed.needs_database
        assert parsed.room.run(parsed) == result
    assert "fund应为85.00，算得70.00" in capsys.readouterr().out
