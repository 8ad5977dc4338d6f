"""Build hook: a wheel carries the policy packs as ``tongchou/_policies``; an editable install reads them in place."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PolicyPacks(BuildHookInterface[Any]):
    """Includes ``policies/`` in wheels that are built to be given away."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each build; ``version`` is ``standard`` or ``editable``."""
        if version == "standard":
            build_data["force_include"]["policies"] = "tongchou/_policies"
