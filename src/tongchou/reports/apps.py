"""Django application of the room reports. It has no tables."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Label and Chinese name of the room."""

    name = "tongchou.reports"
    label = "reports"
    verbose_name = "决策报表"

    def ready(self) -> None:
        """Make the kind of case known by which an extract is approved."""
        from tongchou.reports import approvals

        approvals.register()
