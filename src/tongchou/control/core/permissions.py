"""May an operator do function F on area A for amount X on day D? One answer, with the reason and the remedy.

Nothing here asks who is signed in or reads a table: the grants are handed in, the day too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from tongchou.kernel.areas import is_within
from tongchou.kernel.money import format_yuan_grouped


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """One grant of a post to an operator: what for, where, how long.

    ``functions`` maps a function's code to the highest amount in fen, or None where no amount limits it. ``organisation``
    is the code of the institution, employer or insurer whose data alone may be seen, or empty. ``until`` is the first day
    on which the grant no longer holds.
    """

    id: int
    post: str
    post_name: str
    category: str
    area: str
    organisation: str = ""
    since: date
    until: date
    functions: Mapping[str, int | None]
    deputy_for: str = ""


class Obstacle(IntEnum):
    """What stands in the way, in the order in which it is looked at: the higher, the nearer to a yes."""

    NO_FUNCTION = 0
    EXPIRED = 1
    NOT_YET = 2
    AREA = 3
    ORGANISATION = 4
    AMOUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Yes with the grant that carries it, or no with the nearest obstacle, its reason and what to do (Chinese)."""

    allowed: bool
    grant: int | None = None
    obstacle: Obstacle | None = None
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. ``area``, ``organisation`` and ``amount`` are None where the function has none of it.

    A grant that is limited to one organisation carries only questions that name it.
    """

    function: str
    name: str
    on: date
    area: str | None = None
    organisation: str | None = None
    amount: int | None = None


def decide(*, grants: Iterable[GrantView], question: Question) -> Decision:
    """Look for a grant that carries the question; if there is none, explain the one that came nearest.

    Source: R1.9.02 (levels and concrete rights), R1.9.07, R4.01; design of internal control, rights per function, area
    and amount, for a limited time.
    """
    nearest: tuple[Obstacle, GrantView | None] = (Obstacle.NO_FUNCTION, None)
    for grant in grants:
        obstacle = obstacle_of(grant, question)
        if obstacle is None:
            return Decision(allowed=True, grant=grant.id)
        if obstacle > nearest[0]:
            nearest = (obstacle, grant)
    reason, remedy = _explain(*nearest, question)
    return Decision(allowed=False, obstacle=nearest[0], reason=reason, remedy=remedy)


def obstacle_of(grant: GrantView, question: Question) -> Obstacle | None:
    """What keeps this one grant from carrying the question, or None."""
    if question.function not in grant.functions:
        return Obstacle.NO_FUNCTION
    if question.on >= grant.until:
        return Obstacle.EXPIRED
    if question.on < grant.since:
        return Obstacle.NOT_YET
    if question.area is not None and not is_within(question.area, grant.area):
        return Obstacle.AREA
    if grant.organisation and question.organisation != grant.organisation:  # who does not say whose data gets none
        return Obstacle.ORGANISATION
    limit = grant.functions[question.function]
    if limit is not None and question.amount is not None and abs(question.amount) > limit:
        return Obstacle.AMOUNT
    return None


def _explain(obstacle: Obstacle, grant: GrantView | None, question: Question) -> tuple[str, str]:
    if grant is None:
        return (
            f"您的岗位没有“{question.name}”功能",
            "确需办理的，请由所在科室提出授权申请，经内控复核和主任审批后生效；或交由有此功能的岗位办理",
        )
    if obstacle is Obstacle.EXPIRED:
        return (f"岗位“{grant.post_name}”的授权已于 {grant.until} 到期", "请提出续期的授权申请，审批后再办理")
    if obstacle is Obstacle.NOT_YET:
        return (f"岗位“{grant.post_name}”的授权自 {grant.since} 起生效", "请在生效之日起办理，或由当前在岗人员办理")
    if obstacle is Obstacle.AREA:
        return (
            f"区划 {question.area} 不在您的数据范围 {grant.area} 内",
            "请由该区划的经办人员办理，或提出扩大数据范围的授权申请",
        )
    if obstacle is Obstacle.ORGANISATION and question.organisation is None:
        why = f"您的授权限定于单位 {grant.organisation}，“{question.name}”在这里不按单位区分数据"
        return (why, "请由经办机构的人员办理")
    if obstacle is Obstacle.ORGANISATION:
        return ("该业务属于其他单位，不在您的数据范围内", "请由该单位的人员办理")
    limit, asked = grant.functions[question.function] or 0, abs(question.amount or 0)
    return (
        f"金额 {format_yuan_grouped(asked)} 元超出岗位限额 {format_yuan_grouped(limit)} 元",
        "请提交有更高限额的岗位办理或审批",
    )
