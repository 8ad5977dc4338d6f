"""URLs of the site. The gateway is not here: its paths leave in ``asgi.py`` before Django is asked."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("tongchou.web.urls")),
]

handler400 = "tongchou.web.views.errors.bad_request"
handler403 = "tongchou.web.views.errors.forbidden"
handler404 = "tongchou.web.views.errors.not_found"
handler500 = "tongchou.web.views.errors.server_error"
