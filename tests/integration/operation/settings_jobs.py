"""The product's settings with the room of the test."""

from tongchou.project.settings import *  # noqa: F403
from tongchou.project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.integration.operation.jobs_app.apps.JobsAppConfig"]
