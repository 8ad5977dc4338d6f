"""Dated entries follow each other without overlap, and limits cut the terms they stand beside."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.catalogues.core import DatedLimit, DatedTerm, TermView, in_force, with_limits
from tongchou.catalogues.timeline import Dated, InTheWay, Timeline
from tongchou.kernel.period import Period

START = date(2026, 1, 1)
days = st.integers(0, 400).map(lambda number: START + timedelta(days=number))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(days)
    length = draw(st.one_of(st.none(), st.integers(1, 200)))
    return Period(start, None if length is None else start + timedelta(days=length))


def test_the_new_entry_ends_the_one_in_force() -> None:
    line = Timeline([Dated(1, Period(START), "甲类")])
    assert line.follow(Dated(None, Period(date(2026, 7, 1)), "乙类"))
    assert line.closed() == [(1, Period(START, date(2026, 7, 1)))]
    assert [entry.content for entry in line.added()] == ["乙类"]


def test_the_same_entry_again_changes_nothing() -> None:
    line = Timeline([Dated(1, Period(START), "甲类")])
    assert not line.follow(Dated(None, Period(START), "甲类"))
    assert line.closed() == line.added() == []


@pytest.mark.parametrize("start", [START, START - timedelta(days=1)])
def test_nothing_begins_on_or_before_what_exists(start: date) -> None:
    with pytest.raises(InTheWay) as refused:
        Timeline([Dated(1, Period(START), "甲类")]).follow(Dated(None, Period(start), "乙类"))
    assert refused.value.start == START


def test_a_bounded_entry_fits_before_a_later_one() -> None:
    line = Timeline([Dated(1, Period(START), "甲类")])
    assert line.follow(Dated(None, Period(START - timedelta(days=9), START), "丙类"))
    assert line.closed() == []


@given(st.lists(periods(), max_size=12))
def test_entries_never_overlap_whatever_is_asked(wanted: list[Period]) -> None:
    line = Timeline([])
    for number, period in enumerate(wanted):
        try:
            line.follow(Dated(None, period, number))
        except InTheWay:
            continue
    entries = line.added()
    for left in entries:
        assert sum(left.period.overlaps(right.period) for right in entries) == 1


VIEW = TermView(
    item_code="X",
    name="药",
    list_type="101",
    charge_type="09",
    item_class="01",
    prior_self_pay=None,
    restricted=False,
    special_service=False,
    negotiated=False,
    basic_drug=False,
    children=False,
    price_limit=None,
    list_code="X",
    unit="盒",
    spec="",
    dosage_form="",
)


@given(periods(), st.lists(periods(), max_size=4), st.lists(periods(), max_size=4), days)
def test_cut_terms_say_for_every_day_what_the_term_and_its_limits_say(
    term: Period, own: list[Period], general: list[Period], day: date
) -> None:
    limits = [DatedLimit(period, "3", 1_000 + number) for number, period in enumerate(own)]
    limits += [DatedLimit(period, "0", 2_000 + number) for number, period in enumerate(general)]
    pieces = with_limits(terms=[DatedTerm(term, VIEW)], limits=limits, level="3")
    view = in_force(pieces, day)
    assert (view is not None) == (day in term)
    if view is not None:
        expected_own = [limit.limit for limit in limits if limit.level == "3" and day in limit.period]
        expected_any = [limit.limit for limit in limits if limit.level == "0" and day in limit.period]
        expected = (expected_own or expected_any or [None])[-1]
        assert view.price_limit == expected
