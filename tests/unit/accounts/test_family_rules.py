"""Rules of the family account: who counts as family, which ages fit, when an ended binding stops."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.accounts.core import RELATIONS, end_of, relation_fits, relations_of
from tongchou.kernel.period import Period

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
BORN_1980, BORN_1955, BORN_2010 = date(1980, 5, 1), date(1955, 5, 1), date(2010, 5, 1)


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("配偶、父母、子女", {"spouse", "parent", "child"}),
        ("配偶，子女", {"spouse", "child"}),
        (" 配偶 、兄弟姐妹", {"spouse", "sibling"}),
        ("邻居", set()),
        ("", set()),
    ],
)
def test_a_parameter_names_who_is_family(text: str, admitted: set[str]) -> None:
    assert relations_of(text) == admitted


def test_a_text_of_all_relations_admits_all() -> None:
    assert relations_of("、".join(RELATIONS.values())) == RELATIONS.keys()


@pytest.mark.parametrize(
    ("relation", "member_born", "fits"),
    [
        ("parent", BORN_1955, True),
        ("parent", BORN_2010, False),
        ("child", BORN_2010, True),
        ("child", BORN_1955, False),
        ("grandparent", BORN_1980, False),
        ("grandchild", BORN_1980, False),
        ("spouse", BORN_1955, True),
        ("sibling", BORN_2010, True),
    ],
)
def test_parents_are_older_and_children_younger(relation: str, member_born: date, fits: bool) -> None:
    assert relation_fits(relation=relation, owner_born=BORN_1980, member_born=member_born) is fits


@given(start=DAYS, asked=DAYS, today=DAYS)
def test_an_end_never_lies_in_the_past_and_leaves_a_first_day(start: date, asked: date, today: date) -> None:
    end = end_of(period=Period(start), asked=asked, today=today)
    if start > today:
        assert end is None  # it had not begun: nothing can have been paid
    else:
        assert end is not None
        assert end >= today
        assert end > start
        assert end in (asked, today, start + timedelta(days=1))
