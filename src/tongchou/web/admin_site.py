"""The Django admin as the pages of the reference data: read, search, filter. It writes nothing.

Changes come in by the import pages, which check every row; sign-in and menu are those of the other pages.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from tongchou.control.api import Operator, rights

_NOT_HERE = frozenset({"password_change_done", "autocomplete", "view_on_site"})


class ReferenceSite(admin.AdminSite):
    """Catalogues and institutions, for whoever may read reference data."""

    site_title = site_header = "目录与机构"
    index_title = "目录与机构"
    site_url = "/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Signed in and allowed to read reference data."""
        return isinstance(request.user, Operator) and request.user.may(rights.REFERENCE_READ)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our read-only lists and nothing that a library brings along (groups, the job queue's rows)."""
        if getattr(admin_class, "__module__", "").startswith("tongchou."):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """The lists and their rows."""
        return [entry for entry in super().get_urls() if getattr(entry, "name", None) not in _NOT_HERE]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one sign-in page for everything."""
        if request.user.is_authenticated:
            return HttpResponseRedirect(reverse("desk"))
        return redirect_to_login(request.GET.get("next", "/"), reverse("login"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Signing out ends the work session too; that button is on our pages."""
        return HttpResponseRedirect(reverse("desk"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The page that knows our rules for passwords; Django's own form does not."""
        return HttpResponseRedirect(reverse("password"))
