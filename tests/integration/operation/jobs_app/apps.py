"""Django application of the test's room."""

from django.apps import AppConfig


class JobsAppConfig(AppConfig):
    """Its module ``jobs`` is found as every room's is."""

    name = "tests.integration.operation.jobs_app"
    label = "jobs_app"
