"""Django application of the catalogues room."""

from django.apps import AppConfig


class CataloguesConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.catalogues"
    label = "catalogues"
    verbose_name = "医保目录"

    def ready(self) -> None:
        """Make the room's kind of case known to the approvals."""
        from tongchou.catalogues import approvals

        approvals.register()
