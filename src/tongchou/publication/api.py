"""What other capabilities may use of the publication room."""

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
from tongchou.publication.store import Policies, case_trees, in_effect, library, load, revision, text_of
from tongchou.publication.trial import DraftCase, Trial

__all__ = [
    "Draft",
    "DraftCase",
    "Policies",
    "PublishedVersion",
    "Trial",
    "amend",
    "attach_cases",
    "base_version",
    "case_trees",
    "change_expectation",
    "check",
    "draft_from",
    "draft_from_upload",
    "hand_in",
    "in_effect",
    "keep_expectation",
    "library",
    "load",
    "parameters_of",
    "propose_undoing",
    "reopen",
    "replace_text",
    "revision",
    "text_of",
    "tried",
    "visible",
    "withdraw",
]
