"""What other rooms may use of settlement."""

from tongchou.settlement.closing import Claim, DayView, close_day, day_view
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
from tongchou.settlement.core.tables import DEFAULT_MED_TYPE, MED_TYPES, PERSON_TYPES, MedType
from tongchou.settlement.core.views import EarlierYear, LineSplitView, PaymentView, SettlementView
from tongchou.settlement.doctor import examine
from tongchou.settlement.encounters import (
    admit,
    cancel_admission,
    cancel_discharge,
    cancel_encounter,
    discharge,
    record_visit,
    refuse_other_settlement,
    register_encounter,
    update_encounter,
)
from tongchou.settlement.enquiries import (
    CounterView,
    EncounterView,
    EntitlementRow,
    accumulators_of,
    check_entitlement,
    query_encounters,
    terms_of_lines,
)
from tongchou.settlement.explaining import counters, explain, plan_of
from tongchou.settlement.fees import upload_lines, withdraw_lines
from tongchou.settlement.forgetting import count_answers, forget_answers
from tongchou.settlement.packages import UsedVersion, versions_of
from tongchou.settlement.partitions import ensure_fee_months
from tongchou.settlement.planning import book
from tongchou.settlement.receipts import once
from tongchou.settlement.resettle import door as resettle
from tongchou.settlement.revoking import revoke, undo
from tongchou.settlement.serials import next_id
from tongchou.settlement.settling import Job, pre_settle, settle_many
from tongchou.settlement.statements import (
    DetailClaim,
    DetailResult,
    Scope,
    StatementTotals,
    Totals,
    statement_details,
    statement_totals,
)
from tongchou.settlement.stored import earlier_years_of, lines_of, settlement_view, told_view
from tongchou.settlement.yearly import YearClaim, claims_of_year, count_of_year, years_with_claims

__all__ = [
    "YearClaim",
    "claims_of_year",
    "count_of_year",
    "years_with_claims",
    "Claim",
    "DayView",
    "DetailClaim",
    "DetailResult",
    "Scope",
    "StatementTotals",
    "Totals",
    "book",
    "close_day",
    "count_answers",
    "forget_answers",
    "day_view",
    "ensure_fee_months",
    "examine",
    "statement_details",
    "statement_totals",
    "DEFAULT_MED_TYPE",
    "MED_TYPES",
    "PERSON_TYPES",
    "CounterView",
    "DiagnosisInput",
    "DischargeInput",
    "EarlierYear",
    "EncounterInput",
    "EncounterView",
    "EntitlementRow",
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
    "accumulators_of",
    "admit",
    "cancel_admission",
    "cancel_discharge",
    "cancel_encounter",
    "check_entitlement",
    "counters",
    "discharge",
    "earlier_years_of",
    "explain",
    "lines_of",
    "next_id",
    "once",
    "plan_of",
    "pre_settle",
    "query_encounters",
    "record_visit",
    "refuse_other_settlement",
    "register_encounter",
    "resettle",
    "revoke",
    "settle_many",
    "settlement_view",
    "terms_of_lines",
    "told_view",
    "undo",
    "update_encounter",
    "upload_lines",
    "UsedVersion",
    "versions_of",
    "withdraw_lines",
]
