"""Django application of the publication room."""

from django.apps import AppConfig


class PublicationConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.publication"
    label = "publication"
    verbose_name = "政策发布"

    def ready(self) -> None:
        """Make the kinds of cases known to the approvals."""
        from tongchou.policy import cli
        from tongchou.publication import executors, store

        executors.register()
        cli.own_policies = store.known
