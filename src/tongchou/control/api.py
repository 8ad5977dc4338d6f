"""What other rooms may use of control."""

from __future__ import annotations

from tongchou.control import queries, rights
from tongchou.control.actor import Actor, acting, current_actor, set_actor, writing
from tongchou.control.authority import Authority, authority_of
from tongchou.control.checks import check
from tongchou.control.columns import Column, register_column
from tongchou.control.core.approval import Private
from tongchou.control.demo import DEMO_OPERATORS, create_demo_operators, demo_password
from tongchou.control.fields import SealedBytes, SealedText, SearchHash, hashes_of
from tongchou.control.models import Operator
from tongchou.control.services import (
    anchors,
    approvals,
    blind,
    calendar,
    identities,
    operators,
    organisations,
    parameters,
    posts,
    sealing,
    trail,
)
from tongchou.control.services import sign_in as doors
from tongchou.control.services.approvals import (
    Change,
    Execution,
    Kind,
    Upload,
    approve,
    register_kind,
    request_approval,
    return_case,
    withdraw,
)
from tongchou.control.services.blind import BlindResult, discard_blind, enter_blind
from tongchou.control.services.calendar import deadline_after, ensure_calendar, working_day
from tongchou.control.services.operators import create_operator, record_personal_access
from tongchou.control.services.parameters import integer_of, load_code_set, next_number, value_of
from tongchou.control.services.sealing import seal
from tongchou.control.services.sign_in import sign_in
from tongchou.control.services.trail import record, record_reading
from tongchou.control.vault import Sealer, decrypt, decrypt_bytes, encrypt, encrypt_bytes, search_hash, search_hashes
from tongchou.control.vault import keys as data_keys

__all__ = [
    "Actor",
    "Authority",
    "BlindResult",
    "Change",
    "Column",
    "DEMO_OPERATORS",
    "Execution",
    "Kind",
    "Operator",
    "Private",
    "SealedBytes",
    "SealedText",
    "Sealer",
    "SearchHash",
    "Upload",
    "acting",
    "anchors",
    "approvals",
    "approve",
    "blind",
    "authority_of",
    "calendar",
    "check",
    "create_demo_operators",
    "create_operator",
    "current_actor",
    "data_keys",
    "deadline_after",
    "decrypt",
    "decrypt_bytes",
    "demo_password",
    "discard_blind",
    "doors",
    "encrypt",
    "encrypt_bytes",
    "ensure_calendar",
    "enter_blind",
    "hashes_of",
    "identities",
    "integer_of",
    "load_code_set",
    "next_number",
    "operators",
    "organisations",
    "parameters",
    "posts",
    "queries",
    "record",
    "record_personal_access",
    "record_reading",
    "register_column",
    "register_kind",
    "request_approval",
    "return_case",
    "rights",
    "seal",
    "sealing",
    "search_hash",
    "search_hashes",
    "set_actor",
    "sign_in",
    "trail",
    "value_of",
    "withdraw",
    "working_day",
    "writing",
]
