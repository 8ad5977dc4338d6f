"""Who may do what: function, area, amount, day; and the reason when not."""

from __future__ import annotations

from datetime import date

import pytest

from tongchou.control.core.permissions import GrantView, Obstacle, Question, decide

TODAY = date(2026, 11, 22)


def grant(**changes: object) -> GrantView:
    base: dict[str, object] = {
        "id": 1,
        "post": "reviewer",
        "post_name": "复核",
        "category": "business",
        "area": "620100",
        "since": date(2026, 1, 1),
        "until": date(2027, 1, 1),
        "functions": {"correction.review": 5_000_000, "person.read": None},
    }
    return GrantView(**(base | changes))  # type: ignore[arg-type]


def ask(**changes: object) -> Question:
    base: dict[str, object] = {"function": "correction.review", "name": "手工更正复核", "on": TODAY}
    return Question(**(base | changes))  # type: ignore[arg-type]


@pytest.mark.requirement("R1.9.02", "R1.9.07")
@pytest.mark.parametrize(
    ("held", "question", "obstacle"),
    [
        ([grant()], ask(), None),
        ([grant()], ask(area="620102", amount=5_000_000), None),
        ([grant()], ask(amount=-5_000_000), None),
        ([], ask(), Obstacle.NO_FUNCTION),
        ([grant()], ask(function="day.close"), Obstacle.NO_FUNCTION),
        ([grant()], ask(on=date(2027, 1, 1)), Obstacle.EXPIRED),
        ([grant()], ask(on=date(2026, 12, 31)), None),
        ([grant()], ask(on=date(2025, 12, 31)), Obstacle.NOT_YET),
        ([grant()], ask(area="630100"), Obstacle.AREA),
        ([grant(area="620102")], ask(area="620100"), Obstacle.AREA),
        ([grant(organisation="H62010000001")], ask(organisation="H62010000002"), Obstacle.ORGANISATION),
        ([grant(organisation="H62010000001")], ask(organisation="H62010000001"), None),
        ([grant()], ask(amount=5_000_001), Obstacle.AMOUNT),
        ([grant()], ask(amount=-5_000_001), Obstacle.AMOUNT),
    ],
)
def test_a_grant_carries_function_area_amount_and_time(
    held: list[GrantView], question: Question, obstacle: Obstacle | None
) -> None:
    answer = decide(grants=held, question=question)
    assert (answer.allowed, answer.obstacle) == (obstacle is None, obstacle)


def test_the_refusal_explains_the_grant_that_came_nearest() -> None:
    """A clerk elsewhere, and a reviewer here with too low a limit: it is the limit that is in the way."""
    answer = decide(grants=[grant(id=1, area="630100"), grant(id=2)], question=ask(area="620102", amount=6_000_000))
    assert answer.reason == "金额 60,000.00 元超出岗位限额 50,000.00 元"
    assert answer.remedy


def test_one_of_several_grants_is_enough() -> None:
    answer = decide(grants=[grant(id=1, until=date(2026, 11, 22)), grant(id=2)], question=ask())
    assert (answer.allowed, answer.grant) == (True, 2)
