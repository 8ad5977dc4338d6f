"""Imports of the catalogues: all or nothing, dated, with the row and the remedy of every error."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tongchou.catalogues import api
from tongchou.catalogues.models import Diagnosis, Item, ItemTerm, Mapping, PriceLimit
from tongchou.kernel.rejection import Rejection
from tongchou.tables.api import Report

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
HOSPITAL = "H62990100001"
ITEM_HEADER = "医疗目录编码,目录类别,收费项目类别,名称,剂型,规格,计价单位,基本药物"
TERM_HEADER = "医疗目录编码,险种,收费项目等级,先行自付比例,限制使用标志,限制使用范围,开始日期,终止日期"


def file(*lines: str) -> dict[str, object]:
    return {"content": "\n".join(lines).encode(), "filename": "x.csv"}


@pytest.fixture
def items() -> None:
    report = api.import_items(
        **file(  # type: ignore[arg-type]
            ITEM_HEADER,
            "XA10,101,09,二甲双胍片,片剂,0.25g,盒,是",
            "001101,201,02,普通门诊诊察费,,,次,否",
        )
    )
    assert (report.created, report.errors) == (2, ())


def terms(*lines: str) -> Report:
    return api.import_terms(**file(TERM_HEADER, *lines))  # type: ignore[arg-type]


def seen(on: date, code: str = "XA10") -> api.TermView | None:
    return api.Catalogue().terms(codes=[code], scheme="310", on=on, level="3").get(code)


class TestItems:
    @pytest.mark.requirement("R1.5.03", "R1.5.07", "R0.32")
    def test_drugs_and_services_are_entered_and_updated(self, items: None) -> None:
        report = api.import_items(**file(ITEM_HEADER, "XA10,101,09,盐酸二甲双胍片,片剂,0.5g,盒,是"))  # type: ignore[arg-type]
        assert (report.created, report.updated) == (0, 1)
        assert Item.objects.get(code="XA10").spec == "0.5g"
        assert Item.objects.get(code="001101").list_type == "201"

    def test_one_wrong_row_and_nothing_is_written(self, items: None) -> None:
        report = api.import_items(  # type: ignore[arg-type]
            **file(ITEM_HEADER, "XB01,101,09,好药,,,盒,否", "XB02,999,09,坏药,,,盒,否", "XB03,101,09,,,,盒,否")
        )
        assert [(error.row, error.column) for error in report.errors] == [(3, "目录类别"), (4, "名称")]
        assert not Item.objects.filter(code="XB01").exists()

    def test_a_code_twice_in_the_file(self) -> None:
        report = api.import_items(**file(ITEM_HEADER, "XB01,101,09,甲,,,盒,", "XB01,101,09,乙,,,盒,"))  # type: ignore[arg-type]
        assert [(error.row, error.message) for error in report.errors] == [(3, "与第 2 行重复")]


class TestTerms:
    def test_a_new_term_ends_the_old_one_on_the_day_it_begins(self, items: None) -> None:
        assert terms("XA10,310,甲类,,否,,2025-01-01,").ok
        report = terms("XA10,310,乙类,10%,是,限二线用药,2026-01-01,")
        assert (report.created, report.updated) == (1, 1)
        before, after = seen(date(2025, 12, 31)), seen(date(2026, 1, 1))
        assert before is not None
        assert after is not None
        assert (before.item_class, before.prior_self_pay) == ("01", None)
        assert (after.item_class, after.prior_self_pay, after.restricted) == ("02", 1_000, True)
        assert seen(date(2024, 12, 31)) is None

    def test_kinds_that_policies_name_are_dated_and_come_before_those_of_the_item_s_marks(self, items: None) -> None:
        Item.objects.filter(code="XA10").update(negotiated=True)
        header = f"{TERM_HEADER},政策项目类别"
        file_ = file(header, "XA10,310,02,,否,,2026-01-01,,", "XA10,310,02,,否,,2026-07-01,,特药，罕见病药、特药")
        assert not api.import_terms(**file_).errors  # type: ignore[arg-type]
        before, after = seen(date(2026, 6, 30)), seen(date(2026, 7, 1))
        assert before is not None
        assert after is not None
        assert (before.kinds, after.kinds) == ("国谈药", "特药、罕见病药、国谈药")

    def test_last_day_in_the_file_is_the_last_day_in_force(self, items: None) -> None:
        assert terms("XA10,310,甲类,,,,2025-01-01,2025-12-31").ok
        assert seen(date(2025, 12, 31)) is not None
        assert seen(date(2026, 1, 1)) is None

    def test_several_terms_of_an_item_in_one_file_in_any_order(self, items: None) -> None:
        report = terms(
            "XA10,310,乙类,20%,,,2026-01-01,", "XA10,310,甲类,,,,2025-01-01,", "XA10,390,丙类,,,,2025-01-01,"
        )
        assert (report.created, report.errors) == (3, ())
        assert ItemTerm.objects.count() == 3
        first = seen(date(2025, 6, 1))
        assert first is not None
        assert first.item_class == "01"

    def test_the_same_file_again_changes_nothing(self, items: None) -> None:
        lines = ("XA10,310,甲类,,,,2025-01-01,",)
        terms(*lines)
        report = terms(*lines)
        assert (report.created, report.updated, report.ok) == (0, 0, True)

    def test_errors_name_row_and_reason_and_nothing_is_written(self, items: None) -> None:
        terms("XA10,310,甲类,,,,2025-01-01,")
        report = terms(
            "XA10,310,乙类,,,,2025-06-01,",
            "NONE,310,乙类,,,,2025-01-01,",
            "001101,310,乙类,,,,2025-01-02,2025-01-01",
        )
        assert [(error.row, error.column) for error in report.errors] == [(3, "医疗目录编码"), (4, "终止日期")]
        report = terms("001101,310,甲类,,,,2025-01-01,", "XA10,310,乙类,,,,2024-06-01,")
        assert [(error.row, error.column) for error in report.errors] == [(3, "开始日期")]
        assert ItemTerm.objects.count() == 1


class TestLimits:
    def test_price_limits_per_level(self, items: None) -> None:
        terms("XA10,310,甲类,,,,2025-01-01,")
        header = "医疗目录编码,医院级别,限价,开始日期"
        report = api.import_limits(**file(header, "XA10,,12.50,2025-01-01", "XA10,三级,15,2025-07-01"))  # type: ignore[arg-type]
        assert report.created == 2
        view = seen(date(2025, 7, 1))
        assert view is not None
        assert view.price_limit == 15_000_000
        api.import_limits(**file(header, "XA10,3,14,2025-08-01"))  # type: ignore[arg-type]
        assert PriceLimit.objects.filter(level="3").count() == 2
        view = seen(date(2025, 8, 1))
        assert view is not None
        assert view.price_limit == 14_000_000


class TestDiagnoses:
    @pytest.mark.requirement("R1.5.05", "R0.32")
    def test_diagnoses_and_outpatient_diseases(self) -> None:
        api.import_diagnoses(**file("诊断代码,诊断名称", "I10.x00x002,高血压"))  # type: ignore[arg-type]
        api.import_outpatient_diseases(**file("病种编码,病种名称,门诊特殊病", "M03900,高血压病,否"))  # type: ignore[arg-type]
        assert api.diagnosis_exists("I10.x00x002")
        assert not api.diagnosis_exists("I10")
        assert api.diagnosis_names(["I10.x00x002", "?"]) == {"I10.x00x002": "高血压"}
        assert api.outpatient_disease_name("M03900") == "高血压病"
        assert api.search_diagnoses(query="高血") == [("I10.x00x002", "高血压")]
        assert api.search_diagnoses(query="i10") == [("I10.x00x002", "高血压")]
        report = api.import_diagnoses(**file("诊断代码,诊断名称", "I10.x00x002,原发性高血压"))  # type: ignore[arg-type]
        assert (report.created, report.updated) == (0, 1)
        assert Diagnosis.objects.get().name == "原发性高血压"


@pytest.mark.requirement("R1.5.08")
class TestMappingReview:
    def submit(self, item: str = "XA10", start: date = date(2026, 1, 1), end: date | None = None) -> None:
        api.submit_mapping(
            institution_code=HOSPITAL,
            local_code="L1",
            local_name="二甲双胍",
            item_code=item,
            start=start,
            end=end,
            now=NOW,
        )

    def approve(self) -> None:
        api.approve_mapping(institution_code=HOSPITAL, local_code="L1", operator="审核员", now=NOW)

    def mapped(self, on: date) -> str | None:
        return api.Catalogue().mapping(institution_code=HOSPITAL, local_codes=["L1"], on=on).get("L1")

    def test_counts_only_after_approval_and_from_its_first_day(self, items: None) -> None:
        self.submit()
        assert self.mapped(date(2026, 1, 1)) is None
        self.approve()
        assert self.mapped(date(2026, 1, 1)) == "XA10"
        assert self.mapped(date(2025, 12, 31)) is None

    def test_a_change_leaves_the_old_mapping_in_force_until_approved(self, items: None) -> None:
        self.submit()
        self.approve()
        self.submit(item="001101", start=date(2026, 7, 1))
        assert self.mapped(date(2026, 7, 1)) == "XA10"
        self.approve()
        assert self.mapped(date(2026, 6, 30)) == "XA10"
        assert self.mapped(date(2026, 7, 1)) == "001101"

    def test_return_needs_a_reason_and_leaves_nothing_in_force(self, items: None) -> None:
        self.submit()
        with pytest.raises(Rejection) as refused:
            api.return_mapping(institution_code=HOSPITAL, local_code="L1", operator="审核员", now=NOW, remark=" ")
        assert refused.value.code == "CAT-005"
        api.return_mapping(institution_code=HOSPITAL, local_code="L1", operator="审核员", now=NOW, remark="名称不符")
        assert self.mapped(date(2026, 1, 1)) is None
        (view,) = api.mappings_of(institution_code=HOSPITAL)
        assert (view.status_name, view.remark, view.decided_by) == ("已退回", "名称不符", "审核员")
        with pytest.raises(Rejection) as refused:
            self.approve()
        assert refused.value.code == "CAT-002"

    def test_a_second_submission_replaces_the_pending_one(self, items: None) -> None:
        self.submit()
        self.submit(item="001101")
        assert [view.item_code for view in api.mappings_of(institution_code=HOSPITAL, status="0")] == ["001101"]

    def test_refusals(self, items: None) -> None:
        with pytest.raises(Rejection) as refused:
            self.submit(item="?")
        assert refused.value.code == "CAT-001"
        with pytest.raises(Rejection) as refused:
            self.submit(end=date(2026, 1, 1))
        assert refused.value.code == "CAT-004"
        self.submit()
        self.approve()
        self.submit(item="001101", start=date(2025, 1, 1))
        with pytest.raises(Rejection) as refused:
            self.approve()
        assert refused.value.code == "CAT-003"
        assert Mapping.objects.filter(status="1").count() == 1

    def test_withdrawal(self, items: None) -> None:
        self.submit()
        self.approve()
        self.submit(item="001101", start=date(2026, 7, 1))
        assert api.withdraw_mapping(institution_code=HOSPITAL, local_code="L1", on=date(2026, 6, 1)) == 2
        assert self.mapped(date(2026, 5, 31)) == "XA10"
        assert self.mapped(date(2026, 6, 1)) is None
        with pytest.raises(Rejection):
            api.withdraw_mapping(institution_code=HOSPITAL, local_code="L1", on=date(2026, 6, 1))

    def test_import_by_the_centre_is_approved_by_an_institution_s_upload_is_not(self, items: None) -> None:
        lines = (
            "定点机构编号,机构目录编码,机构目录名称,医疗目录编码,开始日期",
            f"{HOSPITAL},L1,二甲双胍,XA10,2026-01-01",
        )
        api.import_mappings(**file(*lines), now=NOW)  # type: ignore[arg-type]
        assert self.mapped(date(2026, 1, 1)) is None
        report = api.import_mappings(**file(*lines), now=NOW, approved_by="审核员")  # type: ignore[arg-type]
        assert report.created == 1
        assert self.mapped(date(2026, 1, 1)) == "XA10"


def test_search_by_code_and_name(items: None) -> None:
    assert [view.code for view in api.search_items(query="xa1")] == ["XA10"]
    assert [view.code for view in api.search_items(query="诊察")] == ["001101"]
    assert api.search_items(query="二甲", list_type="201") == []
    assert api.search_items(query="") == []


@pytest.mark.parametrize("kind", sorted(api.TEMPLATES))
def test_templates_for_download_can_be_opened(kind: str) -> None:
    import io

    from openpyxl import load_workbook

    title, columns = api.TEMPLATES[kind]
    sheet = load_workbook(io.BytesIO(api.import_template(kind))).active
    assert sheet is not None
    assert sheet.title == title
    assert [cell.value for cell in sheet[1]] == [column.title for column in columns]
