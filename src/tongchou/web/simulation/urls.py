"""Addresses of the screens of policy simulation."""

from __future__ import annotations

from django.urls import path

from tongchou.web.simulation import asking, data, showing

urlpatterns = [
    path("simulation/", showing.runs, name="simulation"),
    path("simulation/new/", asking.new, name="simulation_new"),
    path("simulation/compare/", showing.compare, name="simulation_compare"),
    path("simulation/data/", data.sets, name="simulation_data"),
    path("simulation/data/template/", data.template, name="simulation_template"),
    path("simulation/data/errors/", data.errors, name="simulation_errors"),
    path("simulation/data/<slug:digest>/delete/", data.delete, name="simulation_data_delete"),
    path("simulation/<id:run_id>/", showing.run, name="simulation_run"),
    path("simulation/<id:run_id>/live/", showing.live, name="simulation_live"),
    path("simulation/<id:run_id>/cancel/", showing.cancel, name="simulation_cancel"),
    path("simulation/<id:run_id>/excel/", showing.excel, name="simulation_excel"),
]
