"""What is around every page: the centre's name, the business day, the menu, what the operator may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tongchou.control.api import Operator, rights
from tongchou.operation.api import unread
from tongchou.registry.api import areas
from tongchou.web import queries
from tongchou.web.access import Scope, scope_of

PAPER = "paper"
"""Whoever may key one of the paper forms."""

MENU = (
    ("工作台", "desk", None, ()),
    ("参保人员", "persons", rights.PERSON_READ, ("/persons/",)),
    ("结算查询", "settlements", rights.SETTLEMENT_READ, ("/settlements/",)),
    ("重新结算", "resettle", rights.SETTLEMENT_READ, ("/resettle/",)),
    ("日终对账", "days", rights.RECONCILIATION_READ, ("/days/",)),
    ("定点机构", "admin:providers_institution_changelist", rights.REFERENCE_READ,
     ("/admin/providers/", "/imports/institutions/")),
    ("医保目录", "admin:catalogues_item_changelist", rights.REFERENCE_READ, ("/admin/", "/imports/")),
    ("政策模拟", "simulation", rights.SIMULATION_RUN, ("/simulation/",)),
    ("匿名抽取", "extracts", rights.DATA_EXTRACT, ("/extracts/",)),
    ("政策参数", "policy", rights.REFERENCE_READ, ("/policy/",)),
    ("任务中心", "operation_jobs", rights.OPERATION_READ, ("/operation/",)),
    ("复核队列", "control_queue", None, ("/control/cases/", "/control/inspections/")),
    ("纸质录入", "control_paper", PAPER, ("/control/paper/",)),
    ("岗位与权限", "control_rights", rights.RIGHTS_READ, ("/control/rights/", "/control/operators/", "/control/organisations/")),
    ("审计查询", "control_trail", rights.TRAIL_READ, ("/control/trail/",)),
    ("参数字典", "control_parameters", rights.PARAMETER_READ,
     ("/control/parameters/", "/control/dictionary/", "/control/calendar/")),
    ("在线用户", "control_online", rights.SESSION_MANAGE, ("/control/online/", "/control/sign-ins/")),
)  # fmt: skip
"""Title, URL name, right, beginnings of the addresses that belong to it. The order is the order of the keys 1 to 9."""


class May:
    """What a template may ask about the operator's rights: ``may.person_read`` is the right ``person.read``."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def __getitem__(self, name: str) -> bool:
        return self._operator.may(name.replace("_", ".", 1))


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu."""

    title: str
    url: str
    current: bool
    key: str = ""
    """The digit that opens it; the first ten have one."""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor. What costs a query is asked only if a template shows it."""
    operator = getattr(request, "user", None)
    if not isinstance(operator, Operator):
        return {"centre_name": "医疗保险中心"}
    if not operator.area:  # signed in, without any post
        return {"centre_name": "医疗保险中心", "menu": _menu(operator, request.path), "may": May(operator)}
    scope = SimpleLazyObject(lambda: _scope(request, operator))
    return {
        "centre_name": SimpleLazyObject(lambda: queries.area_name(scope.pooling_area) + "医疗保险中心"),
        "business_day": SimpleLazyObject(lambda: queries.business_day(scope.pooling_area, timezone.localdate())),
        "area_names": SimpleLazyObject(lambda: _area_names(scope.pooling_area)),
        "menu": _menu(operator, request.path),
        "may": May(operator),
        "unread": SimpleLazyObject(lambda: unread(operator, now=timezone.now())),
    }


def _scope(request: HttpRequest, operator: Operator) -> Scope:
    """The scope that the guard gave the request. Pages beside it (the admin) still have the server's own ``scope``."""
    given = getattr(request, "scope", None)
    return given if isinstance(given, Scope) else scope_of(operator)


def _area_names(pooling_area: str) -> dict[str, str]:
    return {each.code: each.name for each in areas(pooling_area=pooling_area)}


def _menu(operator: Operator, path: str) -> list[MenuEntry]:
    shown = [(title, reverse(name), begins) for title, name, right, begins in MENU if _shows(operator, right)]
    current = (
        next((url for _, url, begins in shown if begins and path.startswith(begins)), reverse("desk")) if shown else ""
    )
    return [
        MenuEntry(title=title, url=url, current=url == current, key=str((place + 1) % 10) if place < 10 else "")
        for place, (title, url, _) in enumerate(shown)
    ]


def _shows(operator: Operator, right: str | None) -> bool:
    if right == PAPER:
        return any(operator.may(each) for each in (rights.CORRECTION_MAKE, rights.REFERENCE_IMPORT))
    return right is None or operator.may(right)
