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
        from tongchou.control.api import Column, register_column
        from tongchou.registry import approvals
        from tongchou.registry.models import SEALED, SealedChange

        approvals.register()
        for table, names in SEALED.items():
            for name in names:
                label = f"{table.replace('_', '.', 1)}.{name}"
                kept = Column(
                    table=SealedChange._meta.db_table, cipher="value_cipher", label=label, where=f"label = '{label}'"
                )
                register_column(kept)
