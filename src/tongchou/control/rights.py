"""The functions that pages and services ask for, and the posts that an instance starts with.

A function is named in code because code asks for it. Which post may use it, up to which amount, who holds the post,
where and how long, is data (``models.posts``); ``STANDARD_POSTS`` and ``SEPARATIONS`` only fill a new instance.
"""

from __future__ import annotations

from dataclasses import dataclass

PERSON_READ = "person.read"
"""Search insured persons and see their record, masked."""
PERSON_UNMASK = "person.unmask"
"""See a person's full identity data, for a stated reason that is logged."""
SETTLEMENT_READ = "settlement.read"
"""Search settlements, see them, print the statement."""
SETTLEMENT_EXPORT = "settlement.export"
"""Take settlements out of the system as a file."""
RECONCILIATION_READ = "reconciliation.read"
"""See, print and export the reconciliation of a day."""
DAY_CLOSE = "day.close"
"""Close a business day; it can't be opened again."""
REFERENCE_READ = "reference.read"
"""See catalogues, institutions and agreements."""
REFERENCE_IMPORT = "reference.import"
"""Load catalogues, mappings, institutions and agreements from files; propose single ones."""
REFERENCE_REVIEW = "reference.review"
"""Review catalogue mappings and institution agreements that another person entered."""
CORRECTION_MAKE = "correction.make"
"""Propose a manual correction of a record."""
CORRECTION_REVIEW = "correction.review"
"""Review manual corrections."""
FAMILY_MAKE = "family.make"
"""Bind relatives to a person's account and end that (家庭共济)."""
FAMILY_REVIEW = "family.review"
"""Review bindings of family accounts and their ends."""
RESETTLE_MAKE = "resettle.make"
"""Try a re-run of past settlements and hand its differences in for review."""
RESETTLE_REVIEW = "resettle.review"
"""Review the differences of a re-run before they are booked."""
CASE_APPROVE = "case.approve"
"""Approve what is above the reviewers' limits (领导审批)."""
CASE_INSPECT = "case.inspect"
"""Draw samples of decided cases and note what the inspection found."""
POLICY_MAKE = "policy.make"
"""Hand in a policy package for publication."""
POLICY_REVIEW = "policy.review"
"""Review a policy package before it is published."""
SIMULATION_RUN = "simulation.run"
"""Simulate a policy on a year of claims, keep data sets for it."""
DATA_EXTRACT = "data.extract"
"""Ask for an anonymised extract for analysis, and take it out when it is approved."""
RIGHTS_READ = "rights.read"
"""See operators, posts and grants."""
RIGHTS_REQUEST = "rights.request"
"""Ask for a grant, for oneself or for staff."""
RIGHTS_REVIEW = "rights.review"
"""Control review of a grant that was asked for; the yearly review of all grants."""
RIGHTS_APPROVE = "rights.approve"
"""Approve a grant after the control review."""
OPERATOR_MANAGE = "operator.manage"
"""Make accounts, unlock them, reset passwords, note leaving and return; grants nothing."""
SESSION_MANAGE = "session.manage"
"""See who is signed in and end a session; see the log of sign-ins."""
PARAMETER_READ = "parameter.read"
"""See parameters, dictionaries, the calendar and the numbering."""
PARAMETER_MAKE = "parameter.make"
"""Propose a new value of a parameter or a change of the calendar."""
PARAMETER_REVIEW = "parameter.review"
"""Review changes of parameters and of the calendar."""
TRAIL_READ = "trail.read"
"""Search the audit trail."""
TRAIL_EXPORT = "trail.export"
"""Take parts of the audit trail out of the system, watermarked."""
OPERATION_READ = "operation.read"
"""See jobs, plans, backups and the state of the system."""
OPERATION_RUN = "operation.run"
"""Start, cancel and repeat jobs."""

FUNCTIONS: dict[str, str] = {
    PERSON_READ: "参保人员查询",
    PERSON_UNMASK: "查看完整个人信息",
    SETTLEMENT_READ: "结算查询",
    SETTLEMENT_EXPORT: "结算导出",
    RECONCILIATION_READ: "日终对账查询",
    DAY_CLOSE: "日结",
    REFERENCE_READ: "目录与机构查询",
    REFERENCE_IMPORT: "目录与机构维护",
    REFERENCE_REVIEW: "目录对照与协议复核",
    CORRECTION_MAKE: "手工更正经办",
    CORRECTION_REVIEW: "手工更正复核",
    FAMILY_MAKE: "家庭共济经办",
    FAMILY_REVIEW: "家庭共济复核",
    RESETTLE_MAKE: "重新结算经办",
    RESETTLE_REVIEW: "重新结算复核",
    CASE_APPROVE: "领导审批",
    CASE_INSPECT: "随机抽查",
    POLICY_MAKE: "政策包提交",
    POLICY_REVIEW: "政策包复核",
    SIMULATION_RUN: "政策模拟",
    DATA_EXTRACT: "匿名数据抽取",
    RIGHTS_READ: "岗位与权限查询",
    RIGHTS_REQUEST: "授权申请",
    RIGHTS_REVIEW: "授权内控复核",
    RIGHTS_APPROVE: "授权审批",
    OPERATOR_MANAGE: "操作员维护",
    SESSION_MANAGE: "在线用户管理",
    PARAMETER_READ: "参数字典查询",
    PARAMETER_MAKE: "参数变更经办",
    PARAMETER_REVIEW: "参数变更复核",
    TRAIL_READ: "审计查询",
    TRAIL_EXPORT: "审计导出",
    OPERATION_READ: "运行状态查询",
    OPERATION_RUN: "任务管理",
}
"""Function → Chinese name."""

REVIEWING = frozenset(
    {REFERENCE_REVIEW, CORRECTION_REVIEW, CASE_APPROVE, POLICY_REVIEW, RIGHTS_REVIEW, RIGHTS_APPROVE, PARAMETER_REVIEW}
    | {RESETTLE_REVIEW, FAMILY_REVIEW}
)
"""Functions that decide cases: who holds one has a review queue."""

REFERENCE_ROOMS = frozenset({"catalogues", "providers"})
"""The rooms whose tables the reference data pages show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPost:
    """A post that a new instance has. Limits in fen by function; a function without one is not limited."""

    code: str
    name: str
    category: str
    functions: frozenset[str]
    limits: tuple[tuple[str, int], ...] = ()
    second_factor: bool = False


_READER = frozenset({PERSON_READ, SETTLEMENT_READ, RECONCILIATION_READ, REFERENCE_READ, RIGHTS_REQUEST})

STANDARD_POSTS = (
    StandardPost(
        code="clerk",
        name="柜员",
        category="business",
        functions=_READER | {PERSON_UNMASK, CORRECTION_MAKE, FAMILY_MAKE, RESETTLE_MAKE},
        limits=((RESETTLE_MAKE, 5_000_000),),
    ),
    StandardPost(
        code="reviewer",
        name="复核",
        category="business",
        functions=_READER
        | {PERSON_UNMASK, SETTLEMENT_EXPORT, CORRECTION_REVIEW, REFERENCE_REVIEW, POLICY_MAKE, SIMULATION_RUN}
        | {FAMILY_REVIEW, RESETTLE_MAKE, RESETTLE_REVIEW},
        limits=((CORRECTION_REVIEW, 5_000_000),),
    ),
    StandardPost(
        code="accountant",
        name="财务",
        category="finance",
        functions=_READER | {SETTLEMENT_EXPORT, DAY_CLOSE, OPERATION_READ, SIMULATION_RUN, DATA_EXTRACT},
    ),
    StandardPost(
        code="administrator",
        name="管理员",
        category="information",
        functions=frozenset(
            {REFERENCE_READ, REFERENCE_IMPORT, RIGHTS_READ, RIGHTS_REQUEST, OPERATOR_MANAGE, SESSION_MANAGE}
            | {PARAMETER_READ, PARAMETER_MAKE, OPERATION_READ, OPERATION_RUN}
        ),
    ),
    StandardPost(
        code="auditor",
        name="稽核",
        category="audit",
        functions=_READER | {TRAIL_READ, TRAIL_EXPORT, CASE_INSPECT, RIGHTS_READ, PARAMETER_READ},
    ),
    StandardPost(
        code="controller",
        name="内控",
        category="control",
        functions=frozenset(
            {RIGHTS_READ, RIGHTS_REQUEST, RIGHTS_REVIEW, PARAMETER_READ, PARAMETER_REVIEW, TRAIL_READ, CASE_INSPECT}
            | {POLICY_REVIEW, REFERENCE_READ, SESSION_MANAGE}
        ),
    ),
    StandardPost(
        code="director",
        name="中心主任",
        category="management",
        functions=frozenset(
            {RIGHTS_READ, RIGHTS_APPROVE, CASE_APPROVE, SETTLEMENT_READ, RECONCILIATION_READ, REFERENCE_READ}
            | {PARAMETER_READ, OPERATION_READ, POLICY_REVIEW, SIMULATION_RUN}
        ),
    ),
)
"""Who keeps the reference data sees neither persons nor money; who grants rights uses none of them; and so on."""

_OF_4_07 = "基金财务、稽核内审、信息技术岗位相分离"
_OF_4_08 = "资金收支审批与具体业务办理相分离"
_GRANTER = "授权与使用相分离"

SEPARATIONS: tuple[tuple[str, str, str], ...] = (
    ("business", "finance", _OF_4_08),
    ("business", "information", "信息数据处理与业务办理相分离"),
    ("business", "audit", "稽核内审与业务办理相分离"),
    ("finance", "information", "信息数据处理与会计处理相分离"),
    ("finance", "audit", _OF_4_07),
    ("information", "audit", _OF_4_07),
    ("control", "business", _GRANTER),
    ("control", "finance", _GRANTER),
    ("control", "information", _GRANTER),
    ("management", "business", _OF_4_08),
    ("management", "finance", _OF_4_08),
    ("management", "information", _GRANTER),
    ("management", "control", "授权的内控复核与审批相分离"),
)
"""Two categories that one natural person may not hold together, and why."""

STANDARD_STEPS: tuple[tuple[str, int, str, str, int], ...] = (
    ("rights.grant", 1, "内控复核", RIGHTS_REVIEW, 0),
    ("rights.grant", 2, "审批", RIGHTS_APPROVE, 0),
    ("data.extract", 1, "领导审批", CASE_APPROVE, 0),
    ("operator.identity", 1, "内控复核", RIGHTS_REVIEW, 0),
    ("parameter.value", 1, "复核", PARAMETER_REVIEW, 0),
    ("organisation.change", 1, "内控复核", RIGHTS_REVIEW, 0),
    ("calendar.day", 1, "复核", PARAMETER_REVIEW, 0),
    ("reference.import", 1, "复核", REFERENCE_REVIEW, 0),
    ("catalogue.mapping", 1, "复核", REFERENCE_REVIEW, 0),
    ("institution.agreement", 1, "复核", REFERENCE_REVIEW, 0),
    ("institution.agreement", 2, "审批", CASE_APPROVE, 0),
    ("correction.person", 1, "复核", CORRECTION_REVIEW, 0),
    ("family.binding", 1, "复核", FAMILY_REVIEW, 0),
    ("family.ending", 1, "复核", FAMILY_REVIEW, 0),
    ("settlement.rerun", 1, "复核", RESETTLE_REVIEW, 0),
    ("settlement.rerun", 2, "审批", CASE_APPROVE, 5_000_000),
    ("policy.publication", 1, "复核", POLICY_REVIEW, 0),
    ("policy.publication", 2, "审批", CASE_APPROVE, 0),
    ("policy.undoing", 1, "复核", POLICY_REVIEW, 0),
    ("policy.undoing", 2, "审批", CASE_APPROVE, 0),
)
"""Kind, step, title, function needed, from which amount in fen: the review rules that an instance starts with."""
