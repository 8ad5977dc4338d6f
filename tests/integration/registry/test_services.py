"""The registry's use cases as a clerk at the counter meets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from tongchou.kernel.identifiers import id_check_character
from tongchou.kernel.rejection import Rejection
from tongchou.registry import api
from tongchou.registry.models import Enrolment, Person

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def id_number(body: str) -> str:
    return body + id_check_character(body)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(Rejection) as refused:
        action()
    assert refused.value.message
    assert refused.value.remedy
    return refused.value.code


class TestPersons:
    @pytest.mark.requirement("R1.1.01", "R1.1.19")
    def test_sex_and_birth_come_from_the_id_number(self, person: api.PersonView) -> None:
        assert (person.sex, person.birth_date) == ("1", date(1990, 3, 7))
        assert person.number.startswith("6299")
        assert api.person_by_number(number=person.number) == person

    @pytest.mark.requirement("R1.1.04")
    def test_number_and_id_number_are_unique(self, person: api.PersonView) -> None:
        again = code_of(lambda: api.register_person(name="李四", cert_no=person.cert_no, area_code="629902"))
        assert again == "REG-004"
        other = api.register_person(name="李四", cert_no=id_number("62990119900307002"), area_code="629902")
        assert other.number != person.number

    @pytest.mark.requirement("R1.1.48")
    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"cert_no": "629901199003070018"}, "REG-005"),
            ({"sex": "2"}, "REG-006"),
            ({"birth_date": date(1990, 3, 8)}, "REG-006"),
            ({"area_code": "629999"}, "REG-009"),
            ({"name": " "}, "REG-023"),
            ({"cert_type": "08"}, "REG-006"),
        ],
    )
    def test_refused_when_the_data_disagree(self, town: None, given: dict[str, object], code: str) -> None:
        data = {"name": "张三丰", "cert_no": "629901199003070013", "area_code": "629901", **given}
        assert code_of(lambda: api.register_person(**data)) == code  # type: ignore[arg-type]
        assert not Person.objects.exists()

    @pytest.mark.requirement("R1.1.14")
    def test_every_change_stays_in_the_history(self, person: api.PersonView) -> None:
        api.change_person(
            person_id=person.id, changes={"name": "张三峰", "phone": "1390"}, operator="乙", reason="更名"
        )
        (change,) = api.changes_of(person_id=person.id)
        assert change.old == {"name": "张三丰", "phone": ""}
        assert change.new == {"name": "张三峰", "phone": "1390"}
        assert (change.operator, change.reason) == ("乙", "更名")

    def test_history_sees_changes_past_the_services_and_can_t_be_changed(self, person: api.PersonView) -> None:
        from django.db import DatabaseError, transaction

        from tongchou.registry.models import Change

        Person.objects.filter(pk=person.id).update(phone="1")
        assert len(api.changes_of(person_id=person.id)) == 1
        with pytest.raises(DatabaseError), transaction.atomic():
            Change.objects.all().delete()

    def test_a_save_that_changes_nothing_leaves_no_trace(self, person: api.PersonView) -> None:
        api.change_person(person_id=person.id, changes={"name": "张三丰"}, operator="乙", reason="")
        assert api.changes_of(person_id=person.id) == []

    def test_a_changed_id_number_must_agree_too(self, person: api.PersonView) -> None:
        assert (
            code_of(
                lambda: api.change_person(
                    person_id=person.id, changes={"cert_no": id_number("62990119900308001")}, operator="", reason=""
                )
            )
            == "REG-006"
        )
        assert (
            code_of(lambda: api.change_person(person_id=person.id, changes={"number": "1"}, operator="", reason=""))
            == "REG-022"
        )

    def test_death_ends_everything(self, person: api.PersonView) -> None:
        api.enrol(person_id=person.id, scheme="390", person_type="15", area_code="629901", start=date(2026, 1, 1))
        api.set_identity(person_id=person.id, kind="2303", start=date(2026, 1, 1))
        api.record_death(person_id=person.id, day=date(2026, 5, 1), operator="乙")
        assert [e.period.end for e in api.enrolments_of(person_id=person.id)] == [date(2026, 5, 2)]
        assert [i.period.end for i in api.identities_of(person_id=person.id)] == [date(2026, 5, 2)]
        again = code_of(
            lambda: api.enrol(
                person_id=person.id, scheme="390", person_type="15", area_code="629901", start=date(2026, 6, 1)
            )
        )
        assert again == "REG-019"


class TestEnrolments:
    @pytest.fixture
    def employers(self, town: None) -> tuple[str, str]:
        first = api.register_employer(name="陇安纺织厂", area_code="629901")
        second = api.register_employer(name="安定机械厂", area_code="629902")
        return first.number, second.number

    def enrol(self, person: api.PersonView, **given: object) -> api.EnrolmentView:
        data: dict[str, object] = {"scheme": "310", "person_type": "11", "area_code": "629901"}
        data.update({"start": date(2026, 1, 1), **given})
        return api.enrol(person_id=person.id, **data)  # type: ignore[arg-type]

    def test_enrol_and_end(self, person: api.PersonView, employers: tuple[str, str]) -> None:
        enrolled = self.enrol(person, employer_number=employers[0])
        assert (enrolled.pooling_area, enrolled.employer_name) == ("629900", "陇安纺织厂")
        ended = api.end_enrolment(person_id=person.id, scheme="310", end=date(2026, 7, 1))
        assert ended.period.end == date(2026, 7, 1)
        assert api.enrolments_of(person_id=person.id, on=date(2026, 6, 30)) != []
        assert api.enrolments_of(person_id=person.id, on=date(2026, 7, 1)) == []
        assert self.enrol(person, start=date(2026, 7, 1)).period.start == date(2026, 7, 1)

    def test_no_overlap_in_a_scheme(self, person: api.PersonView) -> None:
        self.enrol(person)
        assert code_of(lambda: self.enrol(person, start=date(2026, 3, 1))) == "REG-007"
        self.enrol(person, scheme="320")  # 公务员补助 stands beside the basic insurance

    @pytest.mark.requirement("R1.1.40")
    def test_one_basic_insurance_at_a_time(self, person: api.PersonView) -> None:
        self.enrol(person, scheme="390", person_type="15", end=date(2026, 7, 1))
        assert code_of(lambda: self.enrol(person, start=date(2026, 6, 30))) == "REG-018"
        self.enrol(person, start=date(2026, 7, 1))

    @pytest.mark.requirement("R1.1.21")
    def test_transfer_leaves_no_gap_and_no_overlap(self, person: api.PersonView, employers: tuple[str, str]) -> None:
        self.enrol(person, employer_number=employers[0])
        new = api.transfer(person_id=person.id, scheme="310", employer_number=employers[1], on=date(2026, 4, 1))
        assert (new.employer_name, new.area_code, new.period.start) == ("安定机械厂", "629902", date(2026, 4, 1))
        periods = [(e.period.start, e.period.end) for e in api.enrolments_of(person_id=person.id)]
        assert periods == [(date(2026, 4, 1), None), (date(2026, 1, 1), date(2026, 4, 1))]

    def test_refusals(self, person: api.PersonView, employers: tuple[str, str]) -> None:
        assert code_of(lambda: self.enrol(person, end=date(2026, 1, 1))) == "REG-011"
        assert code_of(lambda: self.enrol(person, employer_number="?")) == "REG-010"
        assert code_of(lambda: self.enrol(person, area_code="1")) == "REG-009"
        ending = code_of(lambda: api.end_enrolment(person_id=person.id, scheme="310", end=date(2026, 7, 1)))
        assert ending == "REG-008"
        self.enrol(person)
        same_day = code_of(lambda: api.end_enrolment(person_id=person.id, scheme="310", end=date(2026, 1, 1)))
        assert same_day == "REG-011"
        assert Enrolment.objects.count() == 1

    @pytest.mark.requirement("R1.1.18")
    def test_employer_with_credit_code(self, town: None) -> None:
        api.register_employer(name="甲厂", area_code="629901", credit_code="91350100M000100Y43")
        again = code_of(
            lambda: api.register_employer(name="乙厂", area_code="629901", credit_code="91350100m000100y43")
        )
        assert again == "REG-020"
        wrong = code_of(
            lambda: api.register_employer(name="乙厂", area_code="629901", credit_code="91350100M000100Y44")
        )
        assert wrong == "REG-021"

    @pytest.mark.requirement("R1.1.14", "R1.1.18")
    def test_employers_change_with_history(self, town: None) -> None:
        number = api.register_employer(name="甲厂", area_code="629901", credit_code="91350100M000100Y43").number
        other = api.register_employer(name="乙厂", area_code="629901", credit_code="914403001922038216").number

        def change(**changes: str) -> None:
            api.change_employer(number=number, changes=changes, operator="丙", reason="变更登记")

        change(name="甲一厂", area_id="629902", credit_code="91350100m000100y43")
        (kept,) = api.changes_of_employer(number=number)
        assert kept.old == {"name": "甲厂", "area_id": "629901"}
        assert (kept.operator, kept.reason) == ("丙", "变更登记")
        assert code_of(lambda: change(credit_code="914403001922038216")) == "REG-020"
        assert code_of(lambda: change(number="1")) == "REG-022"
        assert code_of(lambda: change(name="")) == "REG-023"
        assert code_of(lambda: change(area_id="1")) == "REG-009"
        assert api.changes_of_employer(number=other) == []
        assert code_of(lambda: api.changes_of_employer(number="?")) == "REG-010"


class TestIdentitiesAndDiseases:
    @pytest.mark.requirement("R1.1.42", "R1.1.44")
    def test_identity_classes_over_time(self, person: api.PersonView) -> None:
        api.set_identity(person_id=person.id, kind="2303", start=date(2025, 1, 1), end=date(2026, 1, 1), memo="民政局")
        api.set_identity(person_id=person.id, kind="2308", level="1", start=date(2024, 1, 1), memo="残联")
        offices = {view.kind: view.memo for view in api.identities_of(person_id=person.id, on=date(2025, 6, 1))}
        assert offices == {"2303": "民政局", "2308": "残联"}
        api.set_identity(person_id=person.id, kind="2304", start=date(2026, 1, 1), memo="民政局")
        assert [i.kind for i in api.identities_of(person_id=person.id, on=date(2025, 12, 31))] == ["2303", "2308"]
        assert [i.kind for i in api.identities_of(person_id=person.id, on=date(2026, 1, 1))] == ["2304", "2308"]
        overlap = code_of(lambda: api.set_identity(person_id=person.id, kind="2303", start=date(2025, 6, 1)))
        assert overlap == "REG-012"
        api.end_identity(person_id=person.id, kind="2304", end=date(2026, 3, 1))
        assert [i.kind for i in api.identities_of(person_id=person.id, on=date(2026, 3, 1))] == ["2308"]
        assert code_of(lambda: api.end_identity(person_id=person.id, kind="2304", end=date(2026, 5, 1))) == "REG-024"

    def test_certified_diseases(self, person: api.PersonView) -> None:
        def certify(start: date, end: date | None = None) -> int:
            return api.certify_disease(person_id=person.id, code="M03900", name="高血压病", start=start, end=end)

        certify(date(2025, 1, 1), date(2026, 1, 1))
        assert code_of(lambda: certify(date(2025, 12, 31))) == "REG-013"
        certify(date(2026, 1, 1))
        assert [d.code for d in api.diseases_of(person_id=person.id, on=date(2026, 1, 1))] == ["M03900"]


class TestCards:
    @pytest.fixture
    def card(self, person: api.PersonView) -> api.CardView:
        return api.issue_card(person_id=person.id, kind="03", number="C1", serial="S1")

    @pytest.mark.requirement("R1.6.01", "R1.6.04")
    def test_one_card_proves_identity(self, person: api.PersonView, card: api.CardView) -> None:
        assert api.find_person(kind="03", number="C1", serial="S1").id == person.id
        assert code_of(lambda: api.find_person(kind="03", number="C1", serial="S2")) == "REG-003"
        assert code_of(lambda: api.find_person(kind="03", number="C9")) == "REG-001"
        second = code_of(lambda: api.issue_card(person_id=person.id, kind="03", number="C2"))
        assert second == "REG-015"

    @pytest.mark.requirement("R1.6.05", "R1.6.06")
    def test_loss_stops_the_card_until_it_is_lifted(self, card: api.CardView) -> None:
        assert api.report_loss(kind="03", number="C1", now=NOW).state == "挂失"
        assert code_of(lambda: api.find_person(kind="03", number="C1")) == "REG-002"
        assert code_of(lambda: api.report_loss(kind="03", number="C1", now=NOW)) == "REG-015"
        assert api.lift_loss(kind="03", number="C1").state == "正常"
        api.find_person(kind="03", number="C1")
        assert code_of(lambda: api.lift_loss(kind="03", number="C1")) == "REG-015"

    @pytest.mark.requirement("R1.6.07")
    def test_a_replaced_card_never_comes_back(self, person: api.PersonView, card: api.CardView) -> None:
        premature = code_of(lambda: api.replace_card(kind="03", number="C1", new_number="C2"))
        assert premature == "REG-015"
        api.report_loss(kind="03", number="C1", now=NOW)
        api.replace_card(kind="03", number="C1", new_number="C2")
        assert code_of(lambda: api.lift_loss(kind="03", number="C1")) == "REG-015"
        assert code_of(lambda: api.find_person(kind="03", number="C1")) == "REG-002"
        assert api.find_person(kind="03", number="C2").id == person.id
        assert [c.state for c in api.cards_of(person_id=person.id)] == ["已补换", "正常"]
        assert len(api.changes_of(person_id=person.id)) == 2

    def test_credential_token_id_number_and_person_number(self, person: api.PersonView) -> None:
        api.issue_card(person_id=person.id, kind="01", number="T1")
        for kind, number in (("01", "T1"), ("02", person.cert_no.lower()), ("99", person.number)):
            assert api.find_person(kind=kind, number=number).id == person.id
        assert code_of(lambda: api.find_person(kind="07", number="1")) == "REG-017"

    def test_card_numbers_are_unique(self, person: api.PersonView, card: api.CardView) -> None:
        other = api.register_person(name="李四", cert_no=id_number("62990119900307002"), area_code="629902")
        assert code_of(lambda: api.issue_card(person_id=other.id, kind="03", number="C1")) == "REG-014"


class TestSearch:
    @pytest.fixture
    def persons(self, person: api.PersonView) -> dict[str, int]:
        other = api.register_person(name="张三", cert_no=id_number("62990219900307002"), area_code="629902")
        guest = api.register_person(name="张无忌", cert_no=id_number("62010019900307002"), area_code="620100")
        api.issue_card(person_id=other.id, kind="03", number="C7")
        return {"here": person.id, "county": other.id, "guest": guest.id}

    def found(self, query: str, areas: list[str] | None = None) -> set[int]:
        return {view.id for view in api.search_persons(query=query, areas=areas)}

    def test_by_name_id_number_card_and_person_number(self, persons: dict[str, int]) -> None:
        assert self.found("张三") == {persons["here"], persons["county"]}
        assert self.found("三") == set()
        assert self.found(id_number("62990219900307002")) == {persons["county"]}
        assert self.found("C7") == {persons["county"]}
        assert self.found(api.person_by_id(person_id=persons["here"]).number) == {persons["here"]}
        assert self.found("  ") == set()

    def test_only_within_the_areas_of_the_searcher(self, persons: dict[str, int]) -> None:
        assert self.found("张", ["629900"]) == {persons["here"], persons["county"]}
        assert self.found("张", ["629902"]) == {persons["county"]}
        assert self.found("张", []) == set()
        api.enrol(
            person_id=persons["guest"], scheme="310", person_type="11", area_code="629901", start=date(2026, 1, 1)
        )
        assert self.found("张", ["629900"]) == set(persons.values())

    def test_every_lookup_uses_an_index(self, town: None) -> None:
        from django.db import connection

        plans = {
            "name LIKE '张三%%'": "name",
            "number = 'x'": "number",
            "cert_no_hash IN ('x', 'y')": "certificate",
        }
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            for condition, index in plans.items():
                cursor.execute(f"EXPLAIN SELECT 1 FROM registry_person WHERE {condition}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
                assert "Index" in plan, plan
                assert index in plan, plan
            cursor.execute("EXPLAIN SELECT 1 FROM registry_card WHERE number_hash IN ('x', 'y') AND kind = '03'")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "card_number" in plan, plan
