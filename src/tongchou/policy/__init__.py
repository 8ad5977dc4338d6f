"""The policy language: load → check → compile → evaluate / explain.

A pack is a dated document as data; a plan is one integer function compiled from the packs of an area × scheme × benefit.
Pure: no Django, no clock, no database; only :mod:`tongchou.policy.loader` reads files.

    book = PolicyBook.load(default_pack_directory())
    plan = book.plan(area="629900", scheme="390", benefit="住院", on=day)
    outcome = plan.trace(facts, Bill(in_scope=510_000), accumulators)
    plan.explain(outcome.values, facts, bill, accumulators)
"""

from __future__ import annotations

from tongchou.policy.book import FundSpec, PolicyBook
from tongchou.policy.explain import ExplainedStep
from tongchou.policy.financing import Dues, FinancingPlan
from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.formulas import Formula
from tongchou.policy.lines import LineFacts, LineSplit
from tongchou.policy.loader import default_pack_directory
from tongchou.policy.model import BURDEN_COMPONENTS, AccumulatorSpec, FactSpec
from tongchou.policy.plan import Bill, Outcome, Payment, Plan
from tongchou.policy.stays import StayYear
from tongchou.policy.vocabulary import COMPONENT_TITLES, STANDARD_FACTS

__all__ = [
    "BURDEN_COMPONENTS",
    "COMPONENT_TITLES",
    "STANDARD_FACTS",
    "AccumulatorSpec",
    "Bill",
    "Dues",
    "ExplainedStep",
    "FactSpec",
    "FinancingPlan",
    "Finding",
    "Formula",
    "FundSpec",
    "LineFacts",
    "LineSplit",
    "Outcome",
    "Payment",
    "Plan",
    "PolicyBook",
    "PolicyErrors",
    "StayYear",
    "default_pack_directory",
]
