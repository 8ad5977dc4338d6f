"""The same policies worked out a second time, from the documents, in exact fractions. Shares no code with the engine.

Amounts are Fractions of a yuan. A person's year is a :class:`Year`; each function settles one visit and updates it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction as F

CENT = F(1, 100)


def q(value: F) -> F:
    """Half up to the fen, for amounts that are not negative."""
    return F(int(value * 100 + F(1, 2)), 100)


@dataclass
class Year:
    """What one person has used in one year."""

    cost: F = F(0)
    pool: F = F(0)
    large: F = F(0)
    own: F = F(0)
    critical: F = F(0)
    special: F = F(0)
    special_deductible: F = F(0)
    admissions: int = 0
    outpatient: F = F(0)
    outpatient_deductible: F = F(0)


@dataclass
class Result:
    """What each fund pays and what the person is left with."""

    funds: list[F] = field(default_factory=list)
    person: F = F(0)
    account: F = F(0)


def bonus_points(years: int) -> int:
    """五(七): one point for each continuous year beyond the first, five at most."""
    return 0 if years <= 1 else min(years - 1, 5)


def gansu_inpatient(year: Year, bill: dict[str, F], who: dict[str, object]) -> Result:
    """五(三), 五(六), 五(七), followed by Changsha's critical illness insurance 二(三)."""
    level, away, eligible = who["level"], who["away"], bill["in_scope"]
    line = {(1, False): 100, (2, False): 350, (3, False): 600, (1, True): 300, (2, True): 500, (3, True): 800}[
        level, away
    ]
    percent = (
        {1: 65, 2: 60, 3: 55}[level] + (10 if who["student"] else 0) - (10 if away else 0) + bonus_points(who["years"])
    )
    below_ceiling = min(eligible, max(F(0), 28_000 - year.cost))
    above_ceiling = eligible - below_ceiling
    pool = q(max(F(0), below_ceiling - line) * F(percent, 100))
    pool = min(pool, max(F(0), 15_000 - year.pool))
    large = min(q(above_ceiling * F(40, 100)), max(F(0), 15_000 - year.large))
    year.cost += below_ceiling
    year.pool += pool
    year.large += large
    year.admissions += 1
    own = bill["prior_self_pay"] + eligible - pool - large
    critical = changsha_critical(year, own, low_income=bool(who["low_income"]))
    total = sum(bill.values(), F(0))
    return Result([pool, large, critical], total - pool - large - critical)


def changsha_critical(year: Year, own: F, *, low_income: bool) -> F:
    """二(三): four bands on what the year's own compliant cost exceeds the threshold by, less what was paid before."""
    year.own += own
    excess = max(F(0), year.own - (10_000 if low_income else 20_000))
    total = F(0)
    for low, high, percent in ((0, 30_000, 50), (30_000, 80_000, 60), (80_000, 150_000, 70), (150_000, None, 80)):
        inside = max(F(0), excess - low) if high is None else max(F(0), min(excess, F(high)) - low)
        total += inside * F(percent, 100)
    due = min(max(F(0), q(total) - year.critical), own)
    paid = min(due, max(F(0), 200_000 - year.critical))
    year.critical += paid
    return paid


def gansu_special(year: Year, bill: dict[str, F], who: dict[str, object]) -> Result:
    """五(五): the hospital's deductible once a year, 50 % and the bonus, 10,000 a year; then critical illness."""
    line = {(1, False): 100, (2, False): 350, (3, False): 600, (1, True): 300, (2, True): 500, (3, True): 800}[
        who["level"], who["away"]
    ]
    eligible = bill["in_scope"]
    borne = min(eligible, max(F(0), line - year.special_deductible))
    year.special_deductible += borne
    paid = min(q((eligible - borne) * F(50 + bonus_points(who["years"]), 100)), max(F(0), 10_000 - year.special))
    year.special += paid
    critical = changsha_critical(year, bill["prior_self_pay"] + eligible - paid, low_income=bool(who["low_income"]))
    return Result([paid, critical], sum(bill.values(), F(0)) - paid - critical)


def qingdao_inpatient(year: Year, bill: dict[str, F], who: dict[str, object], account: F) -> Result:
    """Deductible 100/50/0 %, bands at 40,000 of the year's cost; account for all but out-of-scope and over-limit."""
    level, retired, eligible = who["level"], who["retired"], bill["in_scope"]
    line = F({1: 200, 2: 500, 3: 800}[level]) * (F(80, 100) if who["tcm"] else 1)
    line = line * {0: F(1), 1: F(1, 2)}.get(year.admissions, F(0))
    line = min(line, eligible)
    low = {False: {1: 90, 2: 88, 3: 86}, True: {1: 95, 2: 94, 3: 93}}[retired][level]
    high = 97 if retired else 95
    start, end = year.cost + line, year.cost + eligible
    below = max(F(0), min(end, F(40_000)) - start)
    above = (end - start) - below
    paid = q(below * F(low, 100) + above * F(high, 100))
    year.cost += eligible
    year.admissions += 1
    from_account = min(account, eligible - paid + bill["prior_self_pay"])
    return Result([paid], sum(bill.values(), F(0)) - paid, from_account)


def wuhan_outpatient(year: Year, bill: dict[str, F], who: dict[str, object], account: F, *, reformed: bool) -> Result:
    """Outpatient pooling before and from 10 April 2023."""
    retired, eligible = who["retired"], bill["in_scope"]
    before = {False: {1: 80, 2: 60, 3: 50}, True: {1: 84, 2: 68, 3: 60}}
    after = {False: {1: 85, 2: 65, 3: 55}, True: {1: 90, 2: 75, 3: 65}}
    percent = (after if reformed else before)[retired][who["level"]]
    line = 0 if reformed else (500 if retired else 700)
    limit = {(False, False): 3500, (True, False): 4000, (False, True): 3500, (True, True): 4500}[retired, reformed]
    borne = min(eligible, max(F(0), line - year.outpatient_deductible))
    year.outpatient_deductible += borne
    paid = min(q((eligible - borne) * F(percent, 100)), max(F(0), limit - year.outpatient))
    year.outpatient += paid
    from_account = min(account, eligible - paid + bill["prior_self_pay"])
    return Result([paid], sum(bill.values(), F(0)) - paid, from_account)
