"""Who may open which page, and whose data it may show. Every view passes through here, and through here only.

``page(right)`` names the right that a view needs and gives the request its ``scope``. A test walks over all URLs and
fails for a view without it. What the operator may do is asked of ``control`` (grants per function, area and amount).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tongchou.control.api import Operator
from tongchou.kernel.areas import prefix_of
from tongchou.registry.api import pooling_area_of

View = Callable[..., HttpResponse]

PUBLIC = "public"
"""The page needs no sign-in."""
SIGNED_IN = "signed-in"
"""The page needs a sign-in and a post, and no further right."""
ACCOUNT = "account"
"""The page is about the operator's own account: it needs a sign-in, not even a post."""


NO_POST = "您目前没有在有效期内的岗位授权。请由所在科室提出授权申请，审批生效后重新登录。"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data a request may show: those of the operator's area, inside one pooling area."""

    pooling_area: str
    area: str

    @property
    def whole(self) -> bool:
        """Is it the whole pooling area, not a county or community of it?"""
        return self.area == self.pooling_area

    def parameters(self) -> dict[str, Any]:
        """The scope for ``queries.IN_SCOPE``: the pooling area, and how the codes of the operator's areas begin."""
        return {"pooling_area": self.pooling_area, "below": None if self.whole else prefix_of(self.area) + "%"}


class Request(HttpRequest):
    """What a view gets: a request of a known operator, with the scope of their data."""

    user: Operator  # type: ignore[assignment]
    scope: Scope
    work: Any
    """The work session (``web.control.middleware``)."""


def page(right: str) -> Callable[[View], View]:
    """Let a view be reached only with this right; an anonymous visitor is sent to the sign-in page and back."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if right == PUBLIC:
                return view(request, *args, **kwargs)
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if right == ACCOUNT:
                return view(request, *args, **kwargs)
            if not request.user.area:
                raise PermissionDenied(NO_POST)
            if right != SIGNED_IN:
                answer = request.user.authority.decide(right)
                if not answer.allowed:
                    raise PermissionDenied(f"{answer.reason}。{answer.remedy}。")
            request.scope = scope_of(request.user)
            return view(request, *args, **kwargs)

        guarded.right = right  # type: ignore[attr-defined]
        return guarded

    return decorate


def scope_of(operator: Operator) -> Scope:
    """The scope that follows from the operator's area.

    Raises:
        Rejection: REG-009 the operator's area is not an area that the registry knows.
    """
    return Scope(pooling_area=pooling_area_of(area_code=operator.area), area=operator.area)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A whole page goes to the sign-in page; a part of a page tells the browser to go there."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("login")})
    target = request.get_full_path() if request.method == "GET" else "/"
    return redirect_to_login(target, reverse("login"))
