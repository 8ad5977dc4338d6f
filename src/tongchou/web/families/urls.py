"""Addresses of the family accounts; they belong to a person's record."""

from __future__ import annotations

from django.urls import path

from tongchou.web.families import pages

urlpatterns = [
    path("persons/<code:number>/family/", pages.family, name="family"),
    path("persons/<code:number>/family/new/", pages.bind, name="family_new"),
    path("persons/<code:number>/family/<id:binding_id>/end/", pages.end, name="family_end"),
]
