"""What other capabilities may use of the providers room."""

from tongchou.providers.approvals import propose_agreement
from tongchou.providers.core import AgreementView, ProviderView
from tongchou.providers.imports import INSTITUTIONS, import_institutions, import_template
from tongchou.providers.queries import (
    SessionView,
    check_med_type,
    describe,
    institutions,
    provider,
    revision,
    session,
)
from tongchou.providers.services import (
    conclude_agreement,
    register_institution,
    resume,
    sign_in,
    sign_out,
    suspend,
    terminate,
)

__all__ = [
    "propose_agreement",
    "INSTITUTIONS",
    "AgreementView",
    "ProviderView",
    "SessionView",
    "check_med_type",
    "conclude_agreement",
    "describe",
    "import_institutions",
    "import_template",
    "institutions",
    "provider",
    "register_institution",
    "resume",
    "revision",
    "session",
    "sign_in",
    "sign_out",
    "suspend",
    "terminate",
]
