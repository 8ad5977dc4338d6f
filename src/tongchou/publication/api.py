"""What other capabilities may use of the publication room."""

from tongchou.publication.arranging import arrange, arrangement_of, draft_arrangement
from tongchou.publication.checks import check
from tongchou.publication.drafts import (
    amend,
    attach_cases,
    base_version,
    change_expectation,
    draft_from,
    draft_from_upload,
    hand_in,
    keep_expectation,
    parameters_of,
    reopen,
    replace_text,
    tried,
    visible,
    withdraw,
)
from tongchou.publication.executors import propose_undoing
from tongchou.publication.models import Draft, PublishedVersion
from tongchou.publication.ruling import edit_rules, undo_rule
from tongchou.publication.store import (
    Policies,
    binding_key,
    case_trees,
    in_effect,
    known_on,
    library,
    load,
    revision,
    text_of,
)
from tongchou.publication.trial import DraftCase, Trial

__all__ = [
    "Draft",
    "DraftCase",
    "Policies",
    "PublishedVersion",
    "Trial",
    "amend",
    "arrange",
    "arrangement_of",
    "attach_cases",
    "base_version",
    "binding_key",
    "case_trees",
    "change_expectation",
    "check",
    "draft_arrangement",
    "draft_from",
    "draft_from_upload",
    "edit_rules",
    "hand_in",
    "in_effect",
    "keep_expectation",
    "known_on",
    "library",
    "load",
    "parameters_of",
    "propose_undoing",
    "reopen",
    "replace_text",
    "revision",
    "text_of",
    "tried",
    "undo_rule",
    "visible",
    "withdraw",
]
