"""Django application of the settlement room."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.settlement"
    label = "settlement"
    verbose_name = "待遇结算"

    def ready(self) -> None:
        """Make the stored answers known to the rotation of keys."""
        from tongchou.control.api import register_column
        from tongchou.settlement.sealed import ANSWERS

        register_column(ANSWERS)
