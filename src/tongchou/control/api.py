"""What other rooms may use of control."""

from __future__ import annotations

from tongchou.control import rights
from tongchou.control.actor import Actor, acting, current_actor, set_actor, writing
from tongchou.control.authority import Authority, authority_of
from tongchou.control.demo import DEMO_OPERATORS, create_demo_operators, demo_password
from tongchou.control.models import Operator
from tongchou.control.services.approvals import (
    BlindResult,
    Change,
    Execution,
    Kind,
    Upload,
    approve,
    discard_blind,
    enter_blind,
    register_kind,
    request_approval,
    return_case,
    withdraw,
)
from tongchou.control.services.calendar import deadline_after, ensure_calendar, working_day
from tongchou.control.services.operators import create_operator, record_personal_access
from tongchou.control.services.parameters import integer_of, load_code_set, next_number, value_of
from tongchou.control.services.sign_in import sign_in

__all__ = [
    "DEMO_OPERATORS",
    "Actor",
    "Authority",
    "BlindResult",
    "Change",
    "Execution",
    "Kind",
    "Operator",
    "Upload",
    "acting",
    "approve",
    "authority_of",
    "create_demo_operators",
    "create_operator",
    "current_actor",
    "deadline_after",
    "demo_password",
    "discard_blind",
    "ensure_calendar",
    "enter_blind",
    "integer_of",
    "load_code_set",
    "next_number",
    "record_personal_access",
    "register_kind",
    "request_approval",
    "return_case",
    "rights",
    "set_actor",
    "sign_in",
    "value_of",
    "withdraw",
    "working_day",
    "writing",
]
