"""Addresses of the screens of the re-run."""

from __future__ import annotations

from django.urls import path

from tongchou.web.resettle import making, pages

urlpatterns = [
    path("resettle/", pages.runs, name="resettle"),
    path("resettle/new/", making.new, name="resettle_new"),
    path("resettle/template/", making.template, name="resettle_template"),
    path("resettle/<int:run_id>/", pages.run, name="resettle_run"),
    path("resettle/<int:run_id>/live/", pages.live, name="resettle_live"),
    path("resettle/<int:run_id>/export/", pages.export, name="resettle_export"),
    path("resettle/<int:run_id>/submit/", making.submit, name="resettle_submit"),
    path("resettle/<int:run_id>/drop/", making.drop, name="resettle_drop"),
    path("resettle/<int:run_id>/persons/<int:row_id>/", pages.person, name="resettle_person"),
]
