"""Django application of the registry room."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.registry"
    label = "registry"
    verbose_name = "参保登记"
