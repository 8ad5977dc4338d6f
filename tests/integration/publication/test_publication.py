"""Draft → check → cases → review by others → published from its day on; immutable; taken back only before its day."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests.integration.publication.conftest import (
    NOTICE,
    OUTPATIENT,
    PACK,
    PHARMACY_RATIO,
    change_case,
    decide,
    make_draft,
    publish,
)
from tests.integration.settlement import world as worlds
from tongchou.control.api import Operator, approve, return_case
from tongchou.control.models import Case, Trail
from tongchou.control.services.case_kinds import kind_of
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, PolicyErrors
from tongchou.publication import api as publication
from tongchou.publication.models import Draft, PublishedVersion, Revision, Undoing
from tongchou.settlement import planning
from tongchou.web.control.trail_words import address_of

pytestmark = pytest.mark.django_db
People = dict[str, Operator]
NEXT_YEAR = date(timezone.localdate().year + 1, 1, 1)


def hand_in(draft: Draft, people: People) -> int:
    return publication.hand_in(draft=draft, reason="调整", operator=people["reviewer"], now=timezone.now())


def pharmacy_pays(day: date) -> int:
    """What the pool pays of a pharmacy bill of 300 yuan on a day, in fen, as settlement decides it."""
    plan = planning.book().plan(area=worlds.POOL, scheme="310", benefit="药店购药", on=day)
    facts = {"visit.level": "药店", "person.type": "在职", "visit.exclusion": "无"}
    return plan.evaluate(facts, Bill(in_scope=30_000), {}).paid("outpatient")


# -- the way --------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R0.49", "R0.50", "R1.9.01")
def test_a_changed_number_from_the_draft_to_the_counter(policies: Path, people: People) -> None:
    assert pharmacy_pays(NEXT_YEAR) == 7_000
    draft = make_draft(people, start=NEXT_YEAR)
    outcome = publication.tried(draft)
    assert [change.words for change in outcome.differences if change.address != "version"] == [
        f"普通门诊、药店购药 · 门诊统筹 · 支付比例（药店） 由 70% 调整为 80%（提高 10 个百分点），依据：{NOTICE}"
    ]
    assert [case.id for case in outcome.failing] == ["TE-1"]
    assert outcome.failing[0].result.failures == ("第1次就诊：outpatient应为70.00，算得80.00",)
    with pytest.raises(Rejection, match="PUBL-004"):
        hand_in(draft, people)
    change_case(draft, people)
    case_id = hand_in(draft, people)
    assert pharmacy_pays(NEXT_YEAR) == 7_000  # nothing is decided yet
    decided = decide(people, case_id)
    assert decided.outcome.startswith(f"测试用职工基本医疗保险 自 {NEXT_YEAR} 起施行，指纹 ")
    assert pharmacy_pays(NEXT_YEAR - timedelta(days=1)) == 7_000
    assert pharmacy_pays(NEXT_YEAR) == 8_000
    draft.refresh_from_db()
    assert draft.state == Draft.State.PUBLISHED
    version = PublishedVersion.objects.get()
    assert (version.maker, version.case_id, version.hash) == ("reviewer", case_id, version.hash)
    assert "TE-1" in version.cases
    told = Trail.objects.get(action="publish", object_kind="publication_publishedversion")
    assert told.object_id == f"{PACK}@{NEXT_YEAR}"
    assert address_of(kind=told.object_kind, number=told.object_id) == f"/policy/packs/{PACK}/{NEXT_YEAR}/"


def test_the_plan_of_a_settlement_names_the_version(policies: Path, people: People) -> None:
    def plan_on(day: date) -> str:
        return planning.book().plan(area=worlds.POOL, scheme="310", benefit="药店购药", on=day).id

    before = plan_on(NEXT_YEAR)
    publish(people, start=NEXT_YEAR)
    assert plan_on(NEXT_YEAR - timedelta(days=1)) == before  # what was settled is found again under the same name
    assert plan_on(NEXT_YEAR).startswith(f"629900/310/药店购药@{NEXT_YEAR}#")


def test_nobody_reviews_what_they_made_and_a_clerk_makes_nothing(policies: Path, people: People) -> None:
    draft = make_draft(people, start=NEXT_YEAR)
    change_case(draft, people)
    case_id = hand_in(draft, people)
    seen = Case.objects.get(pk=case_id).payload_hash
    with pytest.raises(Rejection, match="CTRL-"):
        approve(case_id=case_id, operator=people["reviewer"], seen_hash=seen, now=timezone.now())
    with pytest.raises(Rejection, match="CTRL-003"):
        publication.draft_from(
            version=publication.load(bound_only=False).book.packs[PACK][0], starts_on=NEXT_YEAR,
            operator=people["clerk"], area=worlds.POOL, now=timezone.now(),
        )  # fmt: skip
    assert not PublishedVersion.objects.exists()


def test_the_reviewer_reads_the_difference_in_words(policies: Path, people: People) -> None:
    draft = make_draft(people, start=NEXT_YEAR)
    change_case(draft, people)
    case = Case.objects.get(pk=hand_in(draft, people))
    lines = kind_of(case.kind).describe(__import__("json").loads(case.payload))
    ratio = next(line for line in lines if "支付比例" in line.label)
    assert (ratio.before, ratio.after) == ("70%", f"80%（提高 10 个百分点）；依据：{NOTICE}")
    assert any("TE-1" in line.label and "(300−200)×80%=80" in line.after for line in lines)


def test_a_returned_draft_is_taken_back_edited_and_handed_in_again(policies: Path, people: People) -> None:
    draft = make_draft(people, start=NEXT_YEAR)
    change_case(draft, people)
    case_id = hand_in(draft, people)
    with pytest.raises(Rejection, match="PUBL-002"):
        publication.amend(
            draft=draft, starts_on=NEXT_YEAR, note="", changes={}, operator=people["reviewer"], now=timezone.now()
        )
    with pytest.raises(DatabaseError, match="handed in"), transaction.atomic():
        Draft.objects.filter(pk=draft.pk).update(text="pack: other")
    seen = Case.objects.get(pk=case_id).payload_hash
    return_case(case_id=case_id, operator=people["controller"], seen_hash=seen, reason="比例有误", now=timezone.now())
    publication.reopen(draft=draft, operator=people["reviewer"], now=timezone.now())
    publication.amend(
        draft=draft, starts_on=NEXT_YEAR, note="", changes={PHARMACY_RATIO: ("75%", NOTICE)}, operator=people["reviewer"],
        now=timezone.now(),
    )  # fmt: skip
    change_case(draft, people, "75.00")
    decide(people, hand_in(draft, people))
    assert pharmacy_pays(NEXT_YEAR) == 7_500


def test_a_withdrawn_draft_withdraws_its_case(policies: Path, people: People) -> None:
    draft = make_draft(people, start=NEXT_YEAR)
    change_case(draft, people)
    case_id = hand_in(draft, people)
    publication.withdraw(draft=draft, operator=people["reviewer"], now=timezone.now())
    assert Case.objects.get(pk=case_id).state == "withdrawn"
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.WITHDRAWN


# -- what is refused ----------------------------------------------------------------------------------------------------------


def test_a_draft_that_changes_nothing(policies: Path, people: People) -> None:
    version = publication.load(bound_only=False).book.packs[PACK][0]
    draft = publication.draft_from(
        version=version, starts_on=NEXT_YEAR, operator=people["reviewer"], area=worlds.POOL, now=timezone.now()
    )
    with pytest.raises(Rejection, match="PUBL-005"):
        hand_in(draft, people)


def test_a_change_without_its_article_or_of_another_unit(policies: Path, people: People) -> None:
    draft = make_draft(people, start=NEXT_YEAR)
    for value, cite, error in (("85%", "", PolicyErrors), ("85", NOTICE, Rejection)):
        with pytest.raises(error):
            publication.amend(
                draft=draft, starts_on=NEXT_YEAR, note="", changes={PHARMACY_RATIO: (value, cite)},
                operator=people["reviewer"], now=timezone.now(),
            )  # fmt: skip


def test_what_the_checker_finds_hinders(policies: Path, people: People) -> None:
    draft = make_draft(people, start=NEXT_YEAR, ratio="170%")
    outcome = publication.tried(draft)
    assert any("超过100%" in finding.message and finding.line > 0 and finding.remedy for finding in outcome.errors)
    with pytest.raises(Rejection, match="PUBL-003"):
        hand_in(draft, people)


def test_two_drafts_of_one_base(policies: Path, people: People) -> None:
    """The second was made before the first was published: it does not follow what is in force any more."""
    second = make_draft(people, start=NEXT_YEAR.replace(month=7), ratio="90%")
    change_case(second, people, "90.00")
    case_id = hand_in(second, people)
    publish(people, start=NEXT_YEAR)
    with pytest.raises(Rejection, match="PUBL-007"):
        decide(people, case_id)
    taken = make_draft(people, start=NEXT_YEAR, ratio="60%")
    assert any("从同一天" in finding.message for finding in publication.tried(taken).errors)


def test_a_reason_is_needed(policies: Path, people: People) -> None:
    draft = make_draft(people, start=NEXT_YEAR)
    with pytest.raises(Rejection, match="PUBL-011"):
        publication.change_expectation(
            draft=draft,
            case="TE-1",
            expect={"1/outpatient": "80"},
            reason=" ",
            operator=people["reviewer"],
            now=timezone.now(),
        )
    with pytest.raises(Rejection, match="PUBL-012"):
        publication.change_expectation(
            draft=draft,
            case="TE-1",
            expect={"1/nothing": "80"},
            reason="x",
            operator=people["reviewer"],
            now=timezone.now(),
        )


# -- published ------------------------------------------------------------------------------------------------------------------


def test_what_is_published_is_not_changed_by_anybody(policies: Path, people: People) -> None:
    publish(people, start=NEXT_YEAR)
    for statement in (
        "UPDATE publication_publishedversion SET text = 'x'",
        "DELETE FROM publication_publishedversion",
        "TRUNCATE publication_publishedversion CASCADE",
        "UPDATE settlement_policypackage SET content = 'x'",
        "DELETE FROM settlement_policypackage",
    ):
        with (
            pytest.raises(DatabaseError, match=r"never changed|pending trigger"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_it_is_taken_back_before_its_day_by_another_case(policies: Path, people: People) -> None:
    version = publish(people, start=NEXT_YEAR)
    case_id = publication.propose_undoing(
        version=version, reason="上级文件推迟施行", maker=people["reviewer"], now=timezone.now()
    )
    assert pharmacy_pays(NEXT_YEAR) == 8_000
    decide(people, case_id)
    assert pharmacy_pays(NEXT_YEAR) == 7_000
    assert Undoing.objects.get().version == version
    with pytest.raises(Rejection, match="PUBL-009"):
        publication.propose_undoing(version=version, reason="再次", maker=people["reviewer"], now=timezone.now())
    publish(people, start=NEXT_YEAR)  # the day is free again
    assert pharmacy_pays(NEXT_YEAR) == 8_000


def test_what_is_in_force_is_not_taken_back(policies: Path, people: People) -> None:
    today = timezone.localdate()
    version = publish(people, start=today)
    with pytest.raises(Rejection, match="PUBL-010"):
        publication.propose_undoing(version=version, reason="x", maker=people["reviewer"], now=timezone.now())
    with pytest.raises(DatabaseError, match="in force"), transaction.atomic():
        Undoing.objects.create(version=version, undone_at=timezone.now(), case_id=1, reason="x")


def test_every_publication_raises_the_revision(policies: Path, people: People) -> None:
    before = publication.revision()
    publish(people, start=NEXT_YEAR)
    assert publication.revision() != before
    assert Revision.objects.count() == 1


# -- a version that newer software cannot use -------------------------------------------------------------------------------------


def test_the_doctor_finds_what_no_longer_compiles_and_the_counter_refuses_only_that(
    policies: Path, people: People
) -> None:
    """Written past the checker, as if an older version of the language had allowed it."""
    text = (policies / "test-employee.yaml").read_text("utf-8")
    broken = text.replace("from: 2020-01-01", f"from: {NEXT_YEAR}").replace("base: [over_cap]", "base: [over_the_cap]")
    PublishedVersion.objects.create(
        pack=PACK, title="旧语言", starts_on=NEXT_YEAR, published_at=timezone.now(), hash="0" * 64, text=broken,
        case_id=1, maker="x", area=worlds.POOL,
    )  # fmt: skip
    found = {finding.number: finding for finding in publication.check()}
    assert found.keys() == {"P1", "P2"}
    assert "over_the_cap" in found["P2"].what
    assert found["P2"].remedy
    assert pharmacy_pays(NEXT_YEAR - timedelta(days=1)) == 7_000

    from tongchou.settlement.core.tables import MED_TYPES

    planning.choose_plan(area=worlds.POOL, scheme="310", med_type=MED_TYPES["41"], on=NEXT_YEAR - timedelta(days=1))
    with pytest.raises(Rejection, match="PUBL-020"):
        planning.choose_plan(area=worlds.POOL, scheme="310", med_type=MED_TYPES["41"], on=NEXT_YEAR)


def test_all_is_well(policies: Path, people: People) -> None:
    publish(people, start=NEXT_YEAR)
    assert publication.check() == []


# -- uploads -----------------------------------------------------------------------------------------------------------------------


def upload(people: People, content: bytes, name: str = "pack.yaml") -> Draft:
    return publication.draft_from_upload(
        name=name, content=content, operator=people["reviewer"], area=worlds.POOL, now=timezone.now()
    )


def zipped(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".yaml", text)
    return target.getvalue()


def test_a_zip_of_a_pack_with_its_cases_is_published(policies: Path, people: People) -> None:
    text = (policies / "test-employee.yaml").read_text("utf-8")
    text = text.replace("from: 2020-01-01", f"from: {NEXT_YEAR}").replace("药店: 70%", "药店: 65%")
    cases = (policies / "cases/te.yaml").read_text("utf-8")
    cases = cases.replace("2026-06-01", f"{NEXT_YEAR}").replace("outpatient: 70.00", "outpatient: 65.00")
    draft = upload(people, zipped(test__employee=text, test__cases__all=cases), "test.zip")
    assert (draft.pack, draft.starts_on) == (PACK, NEXT_YEAR)
    assert publication.tried(draft).failing == ()
    decide(people, hand_in(draft, people))
    assert pharmacy_pays(NEXT_YEAR) == 6_500


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"title: x", "pack"),
        (b"pack: a\ntitle: b", "version"),
        (b"a: [", "YAML"),
        (b"PK\x03\x04broken", "损坏"),
        (b"x" * 3_000_000, "超过"),
        (zipped(a="pack: a", b="pack: b"), "找到2个"),
    ],
)
def test_what_is_no_pack(policies: Path, people: People, content: bytes, why: str) -> None:
    with pytest.raises(Rejection, match="PUBL-008") as refused:
        upload(people, content)
    assert why in str(refused.value)


def test_an_uploaded_text_may_be_corrected(policies: Path, people: People) -> None:
    text = (policies / "test-employee.yaml").read_text("utf-8").replace("from: 2020-01-01", f"from: {NEXT_YEAR}")
    draft = upload(people, text.replace("药店: 70%", "药店: 70").encode())
    assert [finding.message for finding in publication.tried(draft).errors] == ["比例没有单位"]
    publication.replace_text(
        draft=draft, text=text.replace("药店: 70%", "药店: 71%"), operator=people["reviewer"], now=timezone.now()
    )
    assert publication.tried(draft).errors == ()


def test_parameters_of_a_text_are_those_of_the_simulation(policies: Path) -> None:
    text = (policies / "test-employee.yaml").read_text("utf-8")
    places = publication.parameters_of(text)
    (span,) = [span for span, path in places.items() if path == PHARMACY_RATIO]
    assert text[span[0] : span[1]] == "70%"
    assert f"{OUTPATIENT}/deductible/amount" in places.values()
