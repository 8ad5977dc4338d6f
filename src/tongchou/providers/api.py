"""What other capabilities may use of the providers room."""

from tongchou.providers.core import AgreementView, ProviderView
from tongchou.providers.queries import (
    SessionView,
    check_med_type,
    describe,
    institutions,
    provider,
    revision,
    session,
)
from tongchou.providers.services import sign_in, sign_out

__all__ = [
    "AgreementView",
    "ProviderView",
    "SessionView",
    "check_med_type",
    "describe",
    "institutions",
    "provider",
    "revision",
    "session",
    "sign_in",
    "sign_out",
]
