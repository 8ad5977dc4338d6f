"""What other rooms may use of control."""

from __future__ import annotations

from tongchou.control import rights
from tongchou.control.models import Operator
from tongchou.control.services import create_operator, sign_in

__all__ = ["Operator", "create_operator", "rights", "sign_in"]
