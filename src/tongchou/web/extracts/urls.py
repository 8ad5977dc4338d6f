"""Addresses of extracts."""

from __future__ import annotations

from django.urls import path

from tongchou.web.extracts import pages

urlpatterns = [
    path("extracts/", pages.extracts, name="extracts"),
    path("extracts/<int:run_id>/file/", pages.extract_file, name="extract_file"),
]
