"""Rules of contributions, pensions, assistance and funds that the requirements take from the source documents, each by the golden cases that compute it.

A case stands beside its pack with the document's article and figures; here it is named by the requirement that it proves. Only
rules whose whole content is a computation are listed: who collects, prints or pays by them comes with its capability.
"""

from __future__ import annotations

import pytest

from tests.golden.requirement_cases import cases, run
from tongchou.policy.caseread import Case

# -- contributions of employees (霸州) -------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.14")
@cases("BZ-01-下限", "BZ-02")
def test_an_employee_pays_two_percent_of_the_own_wage(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.15")
@cases("BZ-03")
def test_the_employers_rate_is_a_parameter_and_a_lost_one_refuses(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.16")
@cases("BZ-04-退休")
def test_retirees_pay_nothing(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.17")
@cases("BZ-01", "BZ-01-下限", "BZ-02", "BZ-02-以上")
def test_the_base_lies_between_60_and_300_percent_of_the_average_wage(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.18")
@cases("BZ-04")
def test_new_units_pay_by_the_average_wage(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.19")
@cases("BZ-08")
def test_staff_of_a_reemployment_centre_pay_by_60_percent_and_both_rates(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.20")
@cases("BZ-09-再就业")
def test_re_employed_laid_off_staff_pay_both_rates_on_the_average_wage(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.21")
@cases("BZ-09")
def test_floating_persons_pay_by_the_average_wage_and_both_rates(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.23")
@cases("BZ-10", "BZ-10-B")
def test_a_closed_unit_pays_one_year_for_staff_and_to_age_70_for_retirees(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.26")
@cases("BZ-07")
def test_the_first_payment_covers_three_months(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.27")
@cases("BZ-06-应缴日")
def test_contributions_are_due_on_the_tenth(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.31")
@cases("BZ-12", "BZ-12-之前")
def test_arrears_suspend_from_the_next_month_and_the_unit_bears_the_cost(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.32")
@cases("BZ-11", "BZ-11-正好", "BZ-11-一分", "BZ-11-B")
def test_after_back_payment_one_off_costs_count_to_3000_yuan(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.35", "R1.2.37")
@cases("BZ-13", "BZ-13-个人")
def test_the_account_is_credited_by_the_age_at_last_years_end(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.36")
@cases("BZ-14", "BZ-15")
def test_retirees_accounts_by_their_pension_at_least_the_average_wage(case: Case) -> None:
    run(case)


# -- personal account ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.44")
@cases("FZ-04-体检")
def test_the_account_pays_check_ups(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.45")
@cases("KQ-01")
def test_accounts_take_at_most_30_percent_of_the_income(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.47")
@cases("WE-04A", "WE-047", "WE-048", "WE-049")
def test_outpatient_pooling_and_the_account_change_together(case: Case) -> None:
    run(case)


# -- flexible workers ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.49")
@cases("FX-01", "FX-02", "FX-02-次年")
def test_the_reduced_amount_begins_in_the_month_after_approval(case: Case) -> None:
    run(case)


# -- financing of residents ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R1.2.54")
@cases("GS-01-一般", "GS-01-低保", "GS-01-残疾", "GS-01-省属", "GS-01-市属", "GS-01-县属", "XJ-01-儿童", "XJ-01-困难")
def test_each_class_is_financed_by_person_and_levels_of_government(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.55")
@cases("XJ-02")
def test_totals_of_a_county_by_payer(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.56")
@cases("CL-01-低保", "CL-01-老年", "CL-01-成年", "CL-01-B-低保")
def test_subsidies_do_not_add_up(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.57")
@cases("GS-02", "GS-04")
def test_civil_affairs_pay_the_own_part_of_low_income_persons(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.58")
@cases("GS-03")
def test_forty_yuan_from_reemployment_funds(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.64")
@cases("GS-31-正常", "GS-31-补缴", "GS-31-提前")
def test_benefits_begin_in_the_month_after_payment_or_three_months_after_a_gap(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R1.2.65", "R1.2.66")
@cases("XJ-03", "XJ-03-补缴", "XJ-03-按期")
def test_who_did_not_pay_in_time_waits_until_july_of_the_next_year(case: Case) -> None:
    run(case)


# -- resident pension (北碚, a county of 2011) ---------------------------------------------------------------------------------


@pytest.mark.requirement("R10.04")
@cases("BB-02", "BB-03", "BB-03-60岁", "BB-03-未满")
def test_lump_sum_to_age_75_for_at_least_60_months(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.07")
@cases("BB-04", "CN-01", "CN-01-档次")
def test_government_subsidy_by_level(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.08")
@cases("BB-05", "CN-05", "CN-06")
def test_the_severely_disabled_are_paid_for(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.10")
@cases("BB-11", "BB-11-逐年")
def test_interest_year_by_year(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.11")
@cases("BB-06", "CN-02", "CN-02-直接")
def test_basic_pension_and_a_139th_of_the_account(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.12")
@cases("CN-03", "CN-03-次日", "CN-03-子女")
def test_who_was_60_at_the_start_draws_if_the_children_take_part(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.13")
@cases("BB-12", "BB-12-44", "CN-04")
def test_required_years_and_making_up(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.14")
@cases("BB-06-69", "BB-07")
def test_ten_yuan_more_for_only_child_parents_and_from_70(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.15", "R10.16")
@cases("BB-08")
def test_death_grant_of_twelve_months_and_stop_in_the_next_month(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.17")
@cases("BB-09", "BB-09-无人", "BB-10", "CN-09")
def test_heirs_take_the_account_without_the_subsidy(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.23")
@cases("CN-09")
def test_what_is_transferred_leaves_the_fiscal_subsidy_behind(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.36")
@cases("B-05", "BB-03-60岁", "BB-03")
def test_who_paid_at_once_after_60_gets_the_chosen_level(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.39")
@cases("CN-03", "CN-03-次日", "CN-03-子女", "B-06")
def test_60_at_the_start_need_no_payment_if_their_children_take_part(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.25")
@cases("CN-10")
def test_women_of_the_pilot_keep_their_benefit_and_are_raised_at_60(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.29")
@cases("TN-06")
def test_roster_receipts_and_deposits_must_agree(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.30")
@cases("TN-01", "TN-02", "TN-02-800", "TN-03", "TN-04", "TN-05", "TN-07", "TN-08")
def test_incentive_and_penalty_of_villages(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R10.31")
@cases("BB-13", "CN-08")
def test_work_funds(case: Case) -> None:
    run(case)


# -- assistance ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R11.04", "R11.05")
@cases("PA-01", "PA-02", "PA-03")
def test_low_income_benefit_is_the_difference_to_the_standard(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.09")
@cases("GP-03", "GP-03-省级")
def test_five_guarantee_support_of_province_and_county(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.10")
@cases("PA-04")
def test_five_guarantee_details(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.11")
@cases("GP-01", "GP-02", "GS-34-最低", "GS-34-四成", "GS-34-八成")
def test_assistance_of_40_to_80_percent_up_to_30000_yuan(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.15")
@cases("NB-02", "NB-03")
def test_assistance_by_floor_and_ceiling(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.16")
@cases("PA-05")
def test_the_limit_from_40000_to_80000_yuan(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.20")
@cases("PA-06")
def test_assistance_budget_per_head(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.06")
@cases("GS-02", "GS-04", "G-14", "G-14-两证")
def test_for_classes_one_and_two_of_low_income_civil_affairs_pays(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.12")
@cases("GS-02", "WE-069")
def test_low_income_and_destitute_persons_are_enrolled_at_no_cost(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.18")
@cases("SHP-66-1", "SHP-66-2", "SHP-67-2", "SHP-67-5", "SHP-68-1")
def test_outpatient_inpatient_and_second_assistance(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R11.31")
@cases("GS-34", "GS-34-限额")
def test_assistance_follows_basic_and_large_amount(case: Case) -> None:
    run(case)


# -- fund ------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R12.02")
@cases("CL-10", "CL-11")
def test_risk_reserve_of_three_percent_up_to_fifteen(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R12.04")
@cases("GS-06", "GS-07")
def test_five_percent_of_the_levy_to_the_citys_adjustment_fund(case: Case) -> None:
    run(case)


@pytest.mark.requirement("R12.16")
@cases("TS-01", "TS-01-一位")
def test_months_of_payment_capacity(case: Case) -> None:
    run(case)
