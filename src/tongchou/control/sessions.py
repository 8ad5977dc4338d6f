"""Browser sessions, encrypted in their table: they hold what was searched for and what was typed when a session locked.

A session that can't be read (another key, altered, from before encryption) is an empty one: its owner signs in again.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from tongchou.control import vault
from tongchou.kernel.rejection import Rejection

LABEL = "control.session"


class SessionStore(DatabaseStore):
    """Django's sessions in the database; the column ``session_data`` holds hexadecimal digits of a ciphertext."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """The text of the column."""
        return vault.encrypt(column=LABEL, text=json.dumps(session_dict, separators=(",", ":"))).hex()

    def decode(self, session_data: Any) -> dict[str, Any]:
        """What the column holds; nothing if it does not verify."""
        try:
            return dict(json.loads(vault.decrypt(column=LABEL, data=bytes.fromhex(session_data))))
        except (ValueError, Rejection):
            return {}

    @classmethod
    def get_model_class(cls) -> Any:
        """Django's own table."""
        return DatabaseStore.get_model_class()
