"""Django application of the ledger room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.ledger"
    label = "ledger"
    verbose_name = "基金账簿"
