"""Django application of the accounts room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.accounts"
    label = "accounts"
    verbose_name = "个人账户"

    def ready(self) -> None:
        """Make the room's kinds of cases known to the approvals."""
        from tongchou.accounts import approvals

        approvals.register()
