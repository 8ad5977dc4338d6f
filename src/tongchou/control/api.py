"""What other rooms may use of control."""

from __future__ import annotations

from tongchou.control import rights
from tongchou.control.demo import DEMO_OPERATORS, create_demo_operators, demo_password
from tongchou.control.models import Operator
from tongchou.control.services import create_operator, record_personal_access, sign_in

__all__ = [
    "DEMO_OPERATORS",
    "Operator",
    "create_demo_operators",
    "create_operator",
    "demo_password",
    "record_personal_access",
    "rights",
    "sign_in",
]
