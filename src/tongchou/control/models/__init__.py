"""Tables of control. Columns and constraints only; what the database itself refuses is in the migrations."""

from tongchou.control.models.approvals import (
    Attachment,
    BlindEntry,
    Case,
    CaseDecision,
    CasePrivate,
    Inspection,
    InspectionItem,
    ReviewRule,
)
from tongchou.control.models.identities import Identity
from tongchou.control.models.operators import (
    Operator,
    PasswordHistory,
    PersonalDataAccess,
    RecoveryCode,
    SignInAttempt,
    WorkSession,
)
from tongchou.control.models.parameters import (
    CalendarDay,
    CodeSet,
    CodeValue,
    IssuedNumber,
    NumberSeries,
    Parameter,
    ParameterValue,
)
from tongchou.control.models.posts import (
    Grant,
    GrantReview,
    Organisation,
    OrganisationVersion,
    Post,
    PostFunction,
    SeparationRule,
)
from tongchou.control.models.trail import Trail, TrailBlock, TrailRoot

__all__ = [
    "Attachment",
    "BlindEntry",
    "CalendarDay",
    "Case",
    "CaseDecision",
    "CasePrivate",
    "CodeSet",
    "CodeValue",
    "Grant",
    "GrantReview",
    "Identity",
    "Inspection",
    "InspectionItem",
    "IssuedNumber",
    "NumberSeries",
    "Operator",
    "Organisation",
    "OrganisationVersion",
    "Parameter",
    "ParameterValue",
    "PasswordHistory",
    "PersonalDataAccess",
    "Post",
    "PostFunction",
    "RecoveryCode",
    "ReviewRule",
    "SeparationRule",
    "SignInAttempt",
    "Trail",
    "TrailBlock",
    "TrailRoot",
    "WorkSession",
]
