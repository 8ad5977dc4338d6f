"""Identifiers: known good numbers, every single wrong character is noticed, masks."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.kernel import identifiers as ids

# The worked example of the standard GB 11643-1999, appendix: 11010519491231002X, and 440524188001010014.
STANDARD_EXAMPLES = ("11010519491231002X", "440524188001010014")

bodies = st.builds(
    lambda area, day, serial: f"{area}{day:%Y%m%d}{serial:03d}",
    st.sampled_from(["629901", "110105", "440524", "650102"]),
    st.dates(date(1900, 1, 1), date(2030, 12, 31)),
    st.integers(0, 999),
)
id_numbers = bodies.map(lambda body: body + ids.id_check_character(body))


class TestIdNumber:
    @pytest.mark.parametrize("text", STANDARD_EXAMPLES)
    def test_examples_of_the_standard(self, text: str) -> None:
        assert ids.parse_id_number(text).text == text

    def test_says_birth_sex_age_and_area(self) -> None:
        number = ids.parse_id_number(" 11010519491231002x ")
        assert (number.birth_date, number.sex, number.area) == (date(1949, 12, 31), "2", "110105")
        assert number.age(date(2026, 12, 30)) == 76
        assert number.age(date(2026, 12, 31)) == 77
        assert ids.parse_id_number("440524188001010014").sex == "1"

    def test_old_form_of_fifteen_digits_is_brought_to_eighteen(self) -> None:
        assert ids.parse_id_number("110105491231002").text == "11010519491231002X"

    @given(id_numbers, st.integers(0, 17), st.sampled_from(string.digits))
    def test_no_single_wrong_digit_passes(self, text: str, position: int, digit: str) -> None:
        wrong = text[:position] + digit + text[position + 1 :]
        if wrong != text:
            with pytest.raises(ValueError):
                ids.parse_id_number(wrong)

    @given(id_numbers, st.integers(0, 16))
    def test_no_swap_of_neighbours_passes(self, text: str, position: int) -> None:
        wrong = text[:position] + text[position + 1] + text[position] + text[position + 2 :]
        if wrong != text:
            with pytest.raises(ValueError):
                ids.parse_id_number(wrong)

    @given(id_numbers)
    def test_parsing_is_stable(self, text: str) -> None:
        assert ids.parse_id_number(text).text == text
        assert ids.normal_id_number(text.lower()) == text

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "18 位"),
            ("11010519491231002", "18 位"),
            ("1101051949123100２X", "18 位"),
            ("99010519491231002X", "省级"),
            ("110105194913310029", "出生日期"),
            ("110105194902300020", "出生日期"),
            ("110105194912310021", "校验码"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            ids.parse_id_number(text)

    def test_what_is_no_id_number_is_kept_for_the_lookup(self) -> None:
        assert ids.normal_id_number(" e12345678 ") == "E12345678"


class TestCreditCode:
    # The example of GB 32100-2015 and the published codes of three well-known companies.
    @pytest.mark.parametrize(
        "code", ["91350100M000100Y43", "914403001922038216", "9144030071526726XG", "91330100799655058B"]
    )
    def test_published_codes(self, code: str) -> None:
        assert ids.parse_credit_code(code.lower()) == code

    @given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9), st.integers(0, 17))
    def test_no_single_wrong_character_passes(self, middle: str, position: int) -> None:
        body = "91629901" + middle
        code = body + ids.credit_check_character(body)
        assert ids.parse_credit_code(code) == code
        for replacement in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            wrong = code[:position] + replacement + code[position + 1 :]
            if wrong != code:
                with pytest.raises(ValueError):
                    ids.parse_credit_code(wrong)

    @pytest.mark.parametrize("code", ["", "91350100M000100Y4", "91350100I000100Y43", "91350100M000100Y44"])
    def test_refuses(self, code: str) -> None:
        with pytest.raises(ValueError):
            ids.parse_credit_code(code)

    def test_organisation_code_inside(self) -> None:
        # positions 9 to 17 of a credit code are the organisation code of GB 11714: D2143569X is the standard's example
        assert ids.organisation_check_character("D2143569") == "X"


class TestInstitutionCode:
    def test_hospital_and_pharmacy(self) -> None:
        assert ids.parse_institution_code("h62990100001") == "H62990100001"
        assert ids.parse_institution_code("P62990100001") == "P62990100001"

    @pytest.mark.parametrize("code", ["", "X62990100001", "H6299010000", "H629901000011", "H99990100001"])
    def test_refuses(self, code: str) -> None:
        with pytest.raises(ValueError):
            ids.parse_institution_code(code)


class TestMasks:
    def test_id_number(self) -> None:
        assert ids.mask_id_number("62990119900307123X") == "629***********123X"
        assert ids.mask_id_number("1234567") == "*******"

    @pytest.mark.parametrize(
        ("name", "masked"),
        [("", ""), ("张", "张"), ("张三", "张*"), ("张三丰", "张*丰"), ("买买提·艾力", "买****力")],
    )
    def test_name(self, name: str, masked: str) -> None:
        assert ids.mask_name(name) == masked

    def test_phone(self) -> None:
        assert ids.mask_phone("13812345678") == "138****5678"

    @given(st.text(max_size=20))
    def test_masks_keep_the_length(self, text: str) -> None:
        for mask in (ids.mask_id_number, ids.mask_name, ids.mask_phone):
            assert len(mask(text)) == len(text)
