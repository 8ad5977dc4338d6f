"""What already exists and passes two people: catalogue mappings, institution agreements, corrections of persons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from tongchou.catalogues.api import propose_mapping
from tongchou.catalogues.models import Item, ItemTerm, Mapping
from tongchou.control.api import Operator, approvals, approve, return_case
from tongchou.control.models import Case, Trail
from tongchou.kernel.identifiers import id_check_character
from tongchou.providers.api import propose_agreement
from tongchou.providers.models import Agreement, Institution
from tongchou.registry.api import propose_correction
from tongchou.registry.models import Area, Change, Person

Staff = Callable[..., Operator]
HOSPITAL = "H62010200001"
CERTIFICATE = "62010219850312002" + id_check_character("62010219850312002")


@pytest.fixture
def world(db: None) -> None:
    Area.objects.create(code="620100", name="兰州市", pooling_area="620100")
    Area.objects.create(code="620102", name="城关区", parent_id="620100", pooling_area="620100")
    for code, name, kind in (("A1", "阿莫西林胶囊", "01"), ("A2", "阿莫西林分散片", "02")):
        item = Item.objects.create(code=code, list_type="101", charge_type="09", name=name)
        ItemTerm.objects.create(
            item=item,
            scheme="310",
            list_code=code,
            item_class=kind,
            prior_self_pay=1000 if kind == "02" else None,
            period=(date(2026, 1, 1), None),
        )
    Institution.objects.create(code=HOSPITAL, name="市医院", kind="1", level="3", credit_code="", area="620102")
    Person.objects.create(
        number="62010000000001",
        cert_no=CERTIFICATE,
        name="王秀兰",
        sex="2",
        birth_date=date(1985, 3, 12),
        area_id="620102",
    )


@pytest.mark.requirement("R1.5.08", "R4.02")
def test_a_mapping_counts_after_a_second_person_saw_what_it_changes(world: None, staff: Staff, now: datetime) -> None:
    def propose(item: str, start: date) -> Case:
        number = propose_mapping(
            institution_code=HOSPITAL, local_code="Y001", local_name="阿莫西林", item_code=item, start=start,
            area="620100", maker=staff("administrator"), reason="新增药品", now=now,
        )  # fmt: skip
        return Case.objects.get(pk=number)

    first = propose("A1", date(2026, 1, 1))
    assert not Mapping.objects.filter(status=Mapping.Status.APPROVED).exists()
    approve(case_id=first.pk, operator=staff("reviewer"), seen_hash=first.payload_hash, now=now)
    approved = Mapping.objects.get(status=Mapping.Status.APPROVED)
    assert (approved.item.code, approved.decided_by) == ("A1", "reviewer"), "not the maker: who decided it"

    second = propose("A2", date(2026, 12, 1))
    shown = {change.label: (change.before, change.after) for change in approvals.kind_of(second.kind).describe(
        {"institution_code": HOSPITAL, "local_code": "Y001", "local_name": "阿莫西林", "item_code": "A2", "start": "2026-12-01"}
    )}  # fmt: skip
    assert shown["等级"] == ("310 甲类", "310 乙类 先行自付 10.00%")
    return_case(
        case_id=second.pk, operator=staff("reviewer"), seen_hash=second.payload_hash, reason="剂型不符", now=now
    )
    assert Mapping.objects.get(status=Mapping.Status.APPROVED).item.code == "A1"


def test_an_agreement_needs_review_and_approval(world: None, staff: Staff, now: datetime) -> None:
    number = propose_agreement(
        institution_code=HOSPITAL, number="2026-001", med_types=["21", "11"], start=date(2026, 1, 1), end=date(2027, 1, 1),
        area="620100", maker=staff("administrator"), reason="新签", now=now,
    )  # fmt: skip
    case = Case.objects.get(pk=number)
    approve(case_id=number, operator=staff("reviewer"), seen_hash=case.payload_hash, now=now)
    assert not Agreement.objects.exists()
    approve(case_id=number, operator=staff("director"), seen_hash=case.payload_hash, now=now)
    assert Agreement.objects.get().med_types == ["11", "21"]


@pytest.mark.requirement("R4.30")
def test_a_correction_of_a_person_keeps_the_old_and_names_who_made_and_who_reviewed_it(
    world: None, staff: Staff, now: datetime
) -> None:
    number = propose_correction(
        person_number="62010000000001", changes={"name": "王秀蓝"}, maker=staff("clerk"), reason="身份证更名", now=now
    )
    assert Person.objects.get().name == "王秀兰"
    case = Case.objects.get(pk=number)
    approve(case_id=number, operator=staff("reviewer"), seen_hash=case.payload_hash, now=now)
    assert Person.objects.get().name == "王秀蓝"
    change = Change.objects.get()
    assert (change.operator, change.old["name"]) == ("reviewer", "王秀兰")
    for named in (str(number), "经办 职工1（柜员）", "复核 职工2（复核）", "身份证更名"):
        assert named in change.reason
    row = Trail.objects.get(object_kind="registry_person", action="update")
    assert (row.operator, row.case_id) == ("reviewer", number)
    assert "经办 职工1（柜员），复核 职工2（复核）" in row.reason
    assert Case.objects.get().maker_post == "clerk"
    assert Case.objects.get().decisions.get().post == "reviewer"
    decided = Trail.objects.filter(case_id=number, object_kind="control_casedecision").get()
    assert decided.after is not None
    assert datetime.now(UTC) > decided.at


def test_long_grounds_do_not_stop_the_reviewer(world: None, staff: Staff, now: datetime) -> None:
    """The registry's history keeps 200 characters; who had a hand in it comes first."""
    number = propose_correction(
        person_number="62010000000001", changes={"name": "王秀蓝"}, maker=staff("clerk"), reason="依据" * 140, now=now
    )
    case = Case.objects.get(pk=number)
    approve(case_id=number, operator=staff("reviewer"), seen_hash=case.payload_hash, now=now)
    assert "复核 职工2（复核）" in Change.objects.get().reason
