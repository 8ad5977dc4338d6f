"""What other rooms may use of settlement."""

from tongchou.settlement.core.inputs import (
    DiagnosisInput,
    DischargeInput,
    EncounterInput,
    LineInput,
    Parts,
    PurchaseInput,
    Receipt,
    SettleInput,
    VisitInput,
)
from tongchou.settlement.core.tables import MED_TYPES, MedType
from tongchou.settlement.core.views import LineSplitView, PaymentView, SettlementView
from tongchou.settlement.settling import Job, pre_settle, settle_many

__all__ = [
    "MED_TYPES",
    "DiagnosisInput",
    "DischargeInput",
    "EncounterInput",
    "Job",
    "LineInput",
    "LineSplitView",
    "MedType",
    "Parts",
    "PaymentView",
    "PurchaseInput",
    "Receipt",
    "SettleInput",
    "SettlementView",
    "VisitInput",
    "pre_settle",
    "settle_many",
]
