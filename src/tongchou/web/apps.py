"""Django application of the web room."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.utils.module_loading import autodiscover_modules


class WebConfig(AppConfig):
    """Label and Chinese name of the room."""

    default = True
    default_auto_field = "django.db.models.BigAutoField"
    name = "tongchou.web"
    label = "web"
    verbose_name = "业务页面"

    def ready(self) -> None:
        """Make the kinds of cases known by which files are imported and re-runs booked."""
        from tongchou.web.control import import_cases
        from tongchou.web.resettle import cases

        import_cases.register()
        cases.register()


class ReferenceAdminConfig(SimpleAdminConfig):
    """Puts the read-only pages of the reference data in the place of Django's own admin site."""

    default = False
    default_site = "tongchou.web.admin_site.ReferenceSite"

    def ready(self) -> None:
        """Find the lists in ``tongchou.web.admin``."""
        from django.contrib.admin import site  # models are not ready before

        super().ready()
        autodiscover_modules("admin", register_to=site)
