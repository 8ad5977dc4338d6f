"""What other rooms may use of simulation."""

from tongchou.simulation.choices import Choice, all_packs, balances, choices, drafts, financing_classes, insured
from tongchou.simulation.files import RowError, RowErrors
from tongchou.simulation.intake import TITLES, take_in, template
from tongchou.simulation.jobs import FIGURES, FILE, KIND, described
from tongchou.simulation.parquet import ColumnError
from tongchou.simulation.rejections import FORM_WRONG, UNKNOWN_DATA
from tongchou.simulation.service import THRESHOLD, Inputs, require_comparison, scenarios_of
from tongchou.simulation.snapshots import Snapshot, Store, forget_unused
from tongchou.simulation.wording import band_text, bands_of, grouping_titles, row_name, short_band

__all__ = [
    "FIGURES",
    "FILE",
    "FORM_WRONG",
    "KIND",
    "THRESHOLD",
    "TITLES",
    "UNKNOWN_DATA",
    "Choice",
    "ColumnError",
    "Inputs",
    "RowError",
    "RowErrors",
    "Snapshot",
    "Store",
    "all_packs",
    "balances",
    "band_text",
    "bands_of",
    "choices",
    "described",
    "drafts",
    "financing_classes",
    "forget_unused",
    "insured",
    "grouping_titles",
    "require_comparison",
    "row_name",
    "scenarios_of",
    "short_band",
    "take_in",
    "template",
]
