"""Rules that the requirements take from the source documents, each by the golden cases that compute it.

A case stands beside its pack with the document's article and figures; here it is named by the requirement that it proves. Only
rules whose whole content is a computation are listed: who collects, prints or pays by them comes with its capability.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.policy.caseread import Case, read_case_file
from tongchou.policy.cases import run_case
from tongchou.policy.loader import read_cases

CASES = {
    case.id: case
    for directory in (default_pack_directory(), default_pack_directory() / "shapes")
    for tree in read_cases(directory)
    for case in read_case_file(tree)
}


@pytest.fixture(scope="module")
def cities() -> PolicyBook:
    return PolicyBook.load(default_pack_directory())


def cases(*names: str) -> Callable[[Any], Any]:
    """The test runs once for each of these cases; a name without a case is an error."""
    return pytest.mark.parametrize("case", [CASES[name] for name in names], ids=names)


@cache
def shapes() -> PolicyBook:
    """The packs of the shapes, which are a folder of their own."""
    return PolicyBook.load(default_pack_directory() / "shapes")


def run(book: PolicyBook, case: Case) -> None:
    """Every figure that the case expects is what the pack gives, and it expects at least one."""
    book = shapes() if case.id.startswith("SHP-") else book
    assert all(step.expect for step in case.steps[-1:])
    assert run_case(book, case).failures == ()


# -- contributions of employees (霸州) -------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.14")
@cases("BZ-01-下限", "BZ-02")
def test_an_employee_pays_two_percent_of_the_own_wage(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.15")
@cases("BZ-03")
def test_the_employers_rate_is_a_parameter_and_a_lost_one_refuses(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.16")
@cases("BZ-04-退休")
def test_retirees_pay_nothing(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.17")
@cases("BZ-01", "BZ-01-下限", "BZ-02", "BZ-02-以上")
def test_the_base_lies_between_60_and_300_percent_of_the_average_wage(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.18")
@cases("BZ-04")
def test_new_units_pay_by_the_average_wage(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.19")
@cases("BZ-08")
def test_staff_of_a_reemployment_centre_pay_by_60_percent_and_both_rates(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.20")
@cases("BZ-09-再就业")
def test_re_employed_laid_off_staff_pay_both_rates_on_the_average_wage(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.21")
@cases("BZ-09")
def test_floating_persons_pay_by_the_average_wage_and_both_rates(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.23")
@cases("BZ-10", "BZ-10-B")
def test_a_closed_unit_pays_one_year_for_staff_and_to_age_70_for_retirees(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.26")
@cases("BZ-07")
def test_the_first_payment_covers_three_months(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.27")
@cases("BZ-06-应缴日")
def test_contributions_are_due_on_the_tenth(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.31")
@cases("BZ-12", "BZ-12-之前")
def test_arrears_suspend_from_the_next_month_and_the_unit_bears_the_cost(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.32")
@cases("BZ-11", "BZ-11-正好", "BZ-11-一分", "BZ-11-B")
def test_after_back_payment_one_off_costs_count_to_3000_yuan(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.35", "R1.2.37")
@cases("BZ-13", "BZ-13-个人")
def test_the_account_is_credited_by_the_age_at_last_years_end(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.36")
@cases("BZ-14", "BZ-15")
def test_retirees_accounts_by_their_pension_at_least_the_average_wage(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- personal account ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.44")
@cases("FZ-04-体检")
def test_the_account_pays_check_ups(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.45")
@cases("KQ-01")
def test_accounts_take_at_most_30_percent_of_the_income(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.47")
@cases("WE-04A", "WE-047", "WE-048", "WE-049")
def test_outpatient_pooling_and_the_account_change_together(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- flexible workers ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.49")
@cases("FX-01", "FX-02", "FX-02-次年")
def test_the_reduced_amount_begins_in_the_month_after_approval(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- financing of residents ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.54")
@cases("GS-01-一般", "GS-01-低保", "GS-01-残疾", "GS-01-省属", "GS-01-市属", "GS-01-县属", "XJ-01-儿童", "XJ-01-困难")
def test_each_class_is_financed_by_person_and_levels_of_government(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.55")
@cases("XJ-02")
def test_totals_of_a_county_by_payer(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.56")
@cases("CL-01-低保", "CL-01-老年", "CL-01-成年", "CL-01-B-低保")
def test_subsidies_do_not_add_up(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.57")
@cases("GS-02", "GS-04")
def test_civil_affairs_pay_the_own_part_of_low_income_persons(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.58")
@cases("GS-03")
def test_forty_yuan_from_reemployment_funds(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.64")
@cases("GS-31-正常", "GS-31-补缴", "GS-31-提前")
def test_benefits_begin_in_the_month_after_payment_or_three_months_after_a_gap(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.2.65", "R1.2.66")
@cases("XJ-03", "XJ-03-补缴", "XJ-03-按期")
def test_who_did_not_pay_in_time_waits_until_july_of_the_next_year(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- benefits --------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.3.18")
@cases("CL-04", "CL-07")
def test_children_have_no_deductible_and_a_higher_ceiling(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.3.19")
@cases("CL-12")
def test_special_outpatient_has_one_deductible_a_year(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.3.21")
@cases("CL-08", "CL-08-比例", "CL-08-未参加")
def test_the_large_amount_supplement_is_bought_by_a_premium(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.3.22")
@cases("QD-在职一级", "QD-在职二级", "Q-01", "Q-03")
def test_bands_are_cumulative_and_their_ratios_go_by_the_hospitals_level(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.3.24")
@cases("GS-29-限额", "GS-30", "GS-30-病种", "SHP-12-1", "SHP-12-2", "SHP-12-3")
def test_listed_outpatient_diseases_have_a_benefit_of_their_own(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R0.39")
@cases("CL-12", "GS-30", "SHP-31-1", "SHP-31-2")
def test_special_and_chronic_outpatient_diseases_are_paid_from_the_pool(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.3.25")
@cases("SHP-75-1", "SHP-75-2", "SHP-75-3", "SHP-76-1", "WE-060", "WE-060-天数", "W-08")
def test_maternity_limits_husbands_half_and_the_allowance_by_days(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R1.3.27")
@pytest.mark.parametrize(
    "disease", ["终末期肾病", "乳腺癌", "宫颈癌", "重大精神疾病", "耐药肺结核", "艾滋病机会性感染"]
)
def test_the_six_new_major_diseases_are_on_the_list(cities: PolicyBook, disease: str) -> None:
    """On the list: refused only because the source has no ratio (POL-022), as the case of 宫颈癌 expects; others are POL-021."""
    case = CASES["PT-01"]
    step = replace(case.steps[0], facts={**case.steps[0].facts, "visit.disease": disease})
    run(cities, replace(case, steps=(step,)))
    run(cities, CASES["PT-02"])


@pytest.mark.requirement("R0.38")
@cases("SHP-19-1")
def test_a_heavy_own_burden_is_compensated_a_second_time(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R0.45")
@cases("CHAIN-01", "CHAIN-02", "SHP-64-1")
def test_basic_supplementary_and_commercial_cover_stand_together_for_one_person(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R0.46")
@cases("P-02")
def test_basic_critical_illness_and_assistance_follow_each_other(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R9.06")
@cases("JY-04", "JY-04-村", "JY-04-市", "JY-04-封顶", "JY-04-定额")
def test_township_and_village_outpatient_70_percent_without_deductible(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R9.13")
@cases("JY-05", "JY-05-省")
def test_chinese_medicine_is_paid_in_full(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R9.14")
@cases("JY-08")
def test_referral_up_continues_the_deductible_and_down_waives_it(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R9.15")
@cases("JY-06", "JY-07", "JY-07-实际")
def test_without_referral_a_share_of_the_quota(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R9.16")
@cases("JY-09", "JY-09-B")
def test_pregnant_women_small_children_and_the_old_have_rules_of_their_own(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- merger of schemes -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R7.03")
@cases("YZ-03-湖北")
def test_hubei_takes_the_higher_benefit_and_the_lower_financing(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R7.04")
@cases("YZ-03", "YZ-03-下限")
def test_yongzhou_takes_the_higher(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R7.22")
@cases("YZ-01", "YZ-01-个人", "YZ-01-总额", "YZ-01-多缴")
def test_financing_of_2017_is_570_yuan_of_which_150_own(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- critical illness insurance (长沙, 福州) ---------------------------------------------------------------------------------


@pytest.mark.requirement("R8.02")
@cases("CS-14", "CS-14-B", "CS-15", "CHAIN-02")
def test_what_counts_as_eligible_cost(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.03")
@cases("CS-01", "CS-02", "CS-08", "CS-08-一分", "CS-10", "CS-10-次年")
def test_the_years_own_cost_above_20000_yuan_counts_half_for_low_income(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.04")
@cases("CS-03", "CS-04", "CS-05", "CS-05-进段", "CS-06", "CS-07-少", "CS-07", "CS-07-一分")
def test_four_bands_to_200000_yuan(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.05")
@cases("CS-09")
def test_without_referral_the_ratio_is_open_and_refused_when_needed(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.12")
@cases("CS-11")
def test_administration_costs_at_most_four_percent(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.13")
@cases("CS-12")
def test_a_surplus_above_the_contract_goes_back(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.14")
@cases("CS-13")
def test_a_policy_loss_is_shared_30_to_70(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.17")
@cases("CS-10", "CHAIN-03")
def test_bills_below_the_threshold_count_together_at_once(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.33")
@cases("MI-01", "MI-02", "MI-03", "MI-04", "MI-04-B")
def test_sums_insured_of_micro_insurance(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.30")
@cases("FZ-01", "FZ-02", "FZ-02-白血病", "FZ-02-其他")
def test_students_of_fuzhou_and_the_segment_for_cancer_only(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R8.31")
@cases("FZ-03")
def test_persons_pay_nothing_more_for_critical_illness(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- resident pension (北碚, a county of 2011) ---------------------------------------------------------------------------------


@pytest.mark.requirement("R10.04")
@cases("BB-02", "BB-03", "BB-03-60岁", "BB-03-未满")
def test_lump_sum_to_age_75_for_at_least_60_months(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.07")
@cases("BB-04", "CN-01", "CN-01-档次")
def test_government_subsidy_by_level(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.08")
@cases("BB-05", "CN-05", "CN-06")
def test_the_severely_disabled_are_paid_for(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.10")
@cases("BB-11", "BB-11-逐年")
def test_interest_year_by_year(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.11")
@cases("BB-06", "CN-02", "CN-02-直接")
def test_basic_pension_and_a_139th_of_the_account(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.12")
@cases("CN-03", "CN-03-次日", "CN-03-子女")
def test_who_was_60_at_the_start_draws_if_the_children_take_part(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.13")
@cases("BB-12", "BB-12-44", "CN-04")
def test_required_years_and_making_up(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.14")
@cases("BB-06-69", "BB-07")
def test_ten_yuan_more_for_only_child_parents_and_from_70(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.15", "R10.16")
@cases("BB-08")
def test_death_grant_of_twelve_months_and_stop_in_the_next_month(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.17")
@cases("BB-09", "BB-09-无人", "BB-10", "CN-09")
def test_heirs_take_the_account_without_the_subsidy(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.23")
@cases("CN-09")
def test_what_is_transferred_leaves_the_fiscal_subsidy_behind(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.36")
@cases("B-05", "BB-03-60岁", "BB-03")
def test_who_paid_at_once_after_60_gets_the_chosen_level(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.39")
@cases("CN-03", "CN-03-次日", "CN-03-子女", "B-06")
def test_60_at_the_start_need_no_payment_if_their_children_take_part(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.25")
@cases("CN-10")
def test_women_of_the_pilot_keep_their_benefit_and_are_raised_at_60(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.29")
@cases("TN-06")
def test_roster_receipts_and_deposits_must_agree(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.30")
@cases("TN-01", "TN-02", "TN-02-800", "TN-03", "TN-04", "TN-05", "TN-07", "TN-08")
def test_incentive_and_penalty_of_villages(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R10.31")
@cases("BB-13", "CN-08")
def test_work_funds(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- assistance ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R11.04", "R11.05")
@cases("PA-01", "PA-02", "PA-03")
def test_low_income_benefit_is_the_difference_to_the_standard(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.09")
@cases("GP-03", "GP-03-省级")
def test_five_guarantee_support_of_province_and_county(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.10")
@cases("PA-04")
def test_five_guarantee_details(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.11")
@cases("GP-01", "GP-02", "GS-34-最低", "GS-34-四成", "GS-34-八成")
def test_assistance_of_40_to_80_percent_up_to_30000_yuan(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.15")
@cases("NB-02", "NB-03")
def test_assistance_by_floor_and_ceiling(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.16")
@cases("PA-05")
def test_the_limit_from_40000_to_80000_yuan(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.20")
@cases("PA-06")
def test_assistance_budget_per_head(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.06")
@cases("GS-02", "GS-04", "G-14", "G-14-两证")
def test_for_classes_one_and_two_of_low_income_civil_affairs_pays(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.12")
@cases("GS-02", "WE-069")
def test_low_income_and_destitute_persons_are_enrolled_at_no_cost(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.18")
@cases("SHP-66-1", "SHP-66-2", "SHP-67-2", "SHP-67-5", "SHP-68-1")
def test_outpatient_inpatient_and_second_assistance(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R11.31")
@cases("GS-34", "GS-34-限额")
def test_assistance_follows_basic_and_large_amount(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


# -- fund ------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R12.02")
@cases("CL-10", "CL-11")
def test_risk_reserve_of_three_percent_up_to_fifteen(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R12.04")
@cases("GS-06", "GS-07")
def test_five_percent_of_the_levy_to_the_citys_adjustment_fund(cities: PolicyBook, case: Case) -> None:
    run(cities, case)


@pytest.mark.requirement("R12.16")
@cases("TS-01", "TS-01-一位")
def test_months_of_payment_capacity(cities: PolicyBook, case: Case) -> None:
    run(cities, case)
