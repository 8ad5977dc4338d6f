"""Addresses of the pages. Each view names the right it needs (``web.access.page``)."""

from __future__ import annotations

from datetime import date

from django.urls import include, path, register_converter

from tongchou.web.views import days, desk, imports, persons, settlements, sign_in

LARGEST_ID = 2**63 - 1


class DayConverter:
    """A date in an address: ``2026-11-22``."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """The date; a ValueError, which Django answers with 404, where there is no such day."""
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        """The date as text."""
        return value if isinstance(value, str) else value.isoformat()


class IdConverter:
    """A number that fits a bigint: ids of settlements and uploads."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """The number; a ValueError, which Django answers with 404, where it is beyond a bigint."""
        number = int(value)
        if number > LARGEST_ID:
            raise ValueError(value)
        return number

    def to_url(self, value: int) -> str:
        """The number as text."""
        return str(value)


class CodeConverter:
    """Person numbers and kinds of import: whatever the database can hold as text."""

    regex = r"[^/\x00]{1,30}"

    def to_python(self, value: str) -> str:
        """The code."""
        return value

    def to_url(self, value: str) -> str:
        """The code."""
        return value


register_converter(DayConverter, "day")
register_converter(IdConverter, "id")
register_converter(CodeConverter, "code")

urlpatterns = [
    path("", include("tongchou.web.control.urls")),
    path("login/", sign_in.sign_in, name="login"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("password/", sign_in.password, name="password"),
    path("", desk.desk, name="desk"),
    path("desk/live/", desk.desk_live, name="desk_live"),
    path("persons/", persons.persons, name="persons"),
    path("persons/<code:number>/", persons.person, name="person"),
    path("persons/<code:number>/reveal/", persons.person_reveal, name="person_reveal"),
    path("settlements/", settlements.settlements, name="settlements"),
    path("settlements/export/", settlements.settlements_export, name="settlements_export"),
    path("settlements/<id:settlement_id>/", settlements.settlement, name="settlement"),
    path("settlements/<id:settlement_id>/statement.pdf", settlements.settlement_statement, name="settlement_statement"),
    path("days/", days.days, name="days"),
    path("days/<day:day>/", days.day, name="day"),
    path("days/<day:day>/close/", days.day_close, name="day_close"),
    path("days/<day:day>/export/", days.day_export, name="day_export"),
    path("imports/<code:kind>/", imports.upload, name="import"),
    path("imports/<code:kind>/template/", imports.import_template, name="import_template"),
    path("imports/<code:kind>/<id:upload_id>/", imports.import_check, name="import_check"),
    path("imports/<code:kind>/<id:upload_id>/errors/", imports.import_errors, name="import_errors"),
    path("imports/<code:kind>/<id:upload_id>/confirm/", imports.import_confirm, name="import_confirm"),
    path("", include("tongchou.web.extracts.urls")),
    path("", include("tongchou.web.families.urls")),
    path("", include("tongchou.web.operation.urls")),
    path("", include("tongchou.web.resettle.urls")),
    path("", include("tongchou.web.policy.urls")),
    path("", include("tongchou.web.simulation.urls")),
]
