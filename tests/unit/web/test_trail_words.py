"""A row of the audit trail is told in words, not in the form in which it was sealed."""

from __future__ import annotations

import pytest

from tongchou.web.control.trail_words import Line, lines_of, object_names

SETTLED = "1|390|21|H62990100001|3946|9822|983630|1000|0|2000|980630|60000|597172|0|386458|12|4212c0ea20ee0a6e"
REVOKED = "-1|456136048638681088|310|41|P62992200002|3946|9822|-7113|0|0|0|-7113|0|0|-7113|0|20608|4212c0ea20ee0a6e"
WITHOUT_ACCOUNT = "1|390|21|H62990100001|3946|9822|983630|1000|0|2000|980630|60000|597172|0|386458|4212c0ea20ee0a6e"


def told(kind: str, before: str | None, after: str | None) -> dict[str, tuple[str | None, str | None]]:
    return {line.label: (line.before, line.after) for line in lines_of(kind=kind, before=before, after=after)}


def test_a_settlement_is_told_with_its_amounts_in_yuan() -> None:
    words = told("settlement", None, SETTLED)
    assert words["类别"] == (None, "普通住院")
    assert words["总额"] == (None, "9,836.30")
    assert words["基金"] == (None, "5,971.72")
    assert words["现金"] == (None, "3,864.58")
    assert words["业务日期"] == (None, "2026-11-22")
    assert "撤销的结算" not in words


def test_a_revocation_names_the_settlement_that_it_undoes() -> None:
    words = told("settlement", None, REVOKED)
    assert words["撤销的结算"] == (None, "456136048638681088")
    assert words["总额"] == (None, "-71.13")
    assert words["账户"] == (None, "-71.13")
    assert words["账户余额"] == (None, "206.08")


def test_without_an_account_no_value_slips_into_another_field() -> None:
    words = told("settlement", None, WITHOUT_ACCOUNT)
    assert words["现金"] == (None, "3,864.58")
    assert words["政策包"] == (None, "4212c0ea20ee")
    assert "账户余额" not in words


def test_a_change_shows_only_the_fields_that_differ_by_their_chinese_names() -> None:
    before, after = '{"value":"5","source":"甲"}', '{"value":"3","source":"甲"}'
    assert lines_of(kind="control_parametervalue", before=before, after=after) == [Line("参数值", "5", "3")]


def test_codes_of_a_field_are_told_by_their_names() -> None:
    after = '{"id":7,"kind":"institution","name":"石门康乐药店"}'
    assert [line.after for line in lines_of(kind="control_organisation", before=None, after=after)] == [
        "定点医药机构",
        "石门康乐药店",
    ]


@pytest.mark.parametrize("text", ["not json", "[1, 2]", ""])
def test_what_is_no_record_is_shown_as_it_is(text: str) -> None:
    assert [line.after for line in lines_of(kind="attachment", before=None, after=text)] == ([text] if text else [])


def test_only_our_own_tables_have_names() -> None:
    assert object_names()["control_operator"] == "操作员"
    assert not any(name.startswith(("django_", "procrastinate_")) for name in object_names())
