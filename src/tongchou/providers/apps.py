"""Django application of the providers room."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.providers"
    label = "providers"
    verbose_name = "定点医药机构"

    def ready(self) -> None:
        """Make the room's kind of case known to the approvals."""
        from tongchou.providers import approvals

        approvals.register()
