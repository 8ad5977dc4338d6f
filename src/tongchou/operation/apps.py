"""Django application of the operation room."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OperationConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.operation"
    label = "operation"
    verbose_name = "运行维护"

    def ready(self) -> None:
        """Let every room enter its job kinds (its module ``jobs``)."""
        autodiscover_modules("jobs")
