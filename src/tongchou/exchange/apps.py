"""Django application of the exchange room."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.exchange"
    label = "exchange"
    verbose_name = "接口交换"
