"""What other capabilities may use of the catalogues."""

from tongchou.catalogues.approvals import propose_mapping
from tongchou.catalogues.columns import CHARGE_TYPES, ITEM_CLASSES, LEVELS, LIST_TYPES
from tongchou.catalogues.core import DatedTerm, TermView
from tongchou.catalogues.imports import (
    TEMPLATES,
    import_diagnoses,
    import_items,
    import_limits,
    import_mappings,
    import_outpatient_diseases,
    import_template,
    import_terms,
)
from tongchou.catalogues.queries import (
    Catalogue,
    ItemView,
    MappingView,
    diagnosis_exists,
    diagnosis_names,
    mappings_of,
    outpatient_disease_name,
    revision,
    search_diagnoses,
    search_items,
    term_history,
)
from tongchou.catalogues.services import approve_mapping, return_mapping, submit_mapping, withdraw_mapping

__all__ = [
    "propose_mapping",
    "CHARGE_TYPES",
    "ITEM_CLASSES",
    "LEVELS",
    "LIST_TYPES",
    "TEMPLATES",
    "Catalogue",
    "DatedTerm",
    "ItemView",
    "MappingView",
    "TermView",
    "approve_mapping",
    "diagnosis_exists",
    "diagnosis_names",
    "import_diagnoses",
    "import_items",
    "import_limits",
    "import_mappings",
    "import_outpatient_diseases",
    "import_template",
    "import_terms",
    "mappings_of",
    "outpatient_disease_name",
    "return_mapping",
    "revision",
    "search_diagnoses",
    "search_items",
    "submit_mapping",
    "term_history",
    "withdraw_mapping",
]
