"""Django application of the web room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.web"
    label = "web"
    verbose_name = "业务页面"
