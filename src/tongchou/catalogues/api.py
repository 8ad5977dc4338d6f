"""What other capabilities may use of the catalogues."""

from tongchou.catalogues.core import TermView
from tongchou.catalogues.queries import (
    Catalogue,
    diagnosis_exists,
    diagnosis_names,
    outpatient_disease_name,
    revision,
)

__all__ = [
    "Catalogue",
    "TermView",
    "diagnosis_exists",
    "diagnosis_names",
    "outpatient_disease_name",
    "revision",
]
