"""Django application of the registry room."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.registry"
    label = "registry"
    verbose_name = "参保登记"

    def ready(self) -> None:
        """Make the room's kind of case known to the approvals."""
        from tongchou.registry import approvals

        approvals.register()
