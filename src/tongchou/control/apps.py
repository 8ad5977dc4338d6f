"""Django application of the control room."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    """Label and Chinese name of the room."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.control"
    label = "control"
    verbose_name = "内部控制"

    def ready(self) -> None:
        """Make the kinds of cases and the encrypted columns known that the room itself has."""
        from tongchou.control import columns, vault
        from tongchou.control.services import identities, kinds, operators, rotation

        vault.ask_before_making(rotation.any_ciphertext)
        kinds.register()
        identities.register()
        for column in operators.ENCRYPTED:
            columns.register_column(column)
