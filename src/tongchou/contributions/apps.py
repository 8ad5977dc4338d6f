"""Django application of the contributions room."""

from django.apps import AppConfig


class ContributionsConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.contributions"
    label = "contributions"
    verbose_name = "基金征缴与待遇资格"
