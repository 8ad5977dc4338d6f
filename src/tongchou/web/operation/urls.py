"""Addresses of the screens of operation."""

from __future__ import annotations

from django.urls import path

from tongchou.web.operation import jobs, messages, plans, state

urlpatterns = [
    path("operation/jobs/", jobs.jobs, name="operation_jobs"),
    path("operation/jobs/start/", jobs.job_start, name="operation_job_start"),
    path("operation/jobs/<int:run_id>/", jobs.job, name="operation_job"),
    path("operation/jobs/<int:run_id>/live/", jobs.job_live, name="operation_job_live"),
    path("operation/jobs/<int:run_id>/cancel/", jobs.job_cancel, name="operation_job_cancel"),
    path("operation/jobs/<int:run_id>/retry/", jobs.job_retry, name="operation_job_retry"),
    path("operation/jobs/<int:run_id>/file/", jobs.job_file, name="operation_job_file"),
    path("operation/plans/", plans.plans, name="operation_plans"),
    path("operation/plans/start/", plans.plan_start, name="operation_plan_start"),
    path("operation/plans/<int:plan_id>/", plans.plan, name="operation_plan"),
    path("operation/plans/<int:plan_id>/live/", plans.plan_live, name="operation_plan_live"),
    path("operation/state/", state.state, name="operation_state"),
    path("messages/", messages.inbox, name="messages"),
    path("messages/read/", messages.read, name="messages_read"),
]
