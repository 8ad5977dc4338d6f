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


class ReferenceSite(admin.AdminSite):
    """Catalogues and institutions, for whoever may read reference data."""

    site_title = site_header = "目录与机构"
    index_title = "目录与机构"
    site_url = "/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Signed in and allowed to read reference data."""
        return isinstance(request.user, Operator) and request.user.may(rights.REFERENCE_READ)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one sign-in page for everything."""
        if request.user.is_authenticated:
            return HttpResponseRedirect(reverse("desk"))
        return redirect_to_login(request.GET.get("next", "/"), reverse("login"))
