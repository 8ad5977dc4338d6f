"""What other capabilities may use of contributions."""

from tongchou.contributions.core import EntitlementView
from tongchou.contributions.queries import entitlement_of, entitlements_of
from tongchou.contributions.services import ENTITLEMENT_COLUMNS, grant_entitlement, load_entitlements

__all__ = [
    "ENTITLEMENT_COLUMNS",
    "EntitlementView",
    "entitlement_of",
    "entitlements_of",
    "grant_entitlement",
    "load_entitlements",
]
