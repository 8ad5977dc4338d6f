"""What must always hold in control, checked on a live database (``tongchou doctor``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from django.db import connection
from django.db.models import Q

from tongchou.control import guards
from tongchou.control.key_checks import check_keys
from tongchou.control.models import Case
from tongchou.control.services import approvals, parameters, sealing
from tongchou.kernel.findings import Finding
from tongchou.kernel.rejection import Rejection

SHOWN = 20


def check(area: str | None = None) -> list[Finding]:
    """Every invariant of control: G1 of the database's own guards, T1 … T7 of the trail, C1 … C8 of rights, cases and
    numbers, K1 … K4 of the keys.
    """
    return [*guards.check(), *sealing.check(area), *check_rights(), *check_cases(area), *check_numbers(), *check_keys()]


def check_rights() -> list[Finding]:
    """C1 duties that exclude each other; C2 grants without their approved case; C5 reviewers whom nobody identified; C7
    cases resolved without anybody's word; C8 changes of organisations whose day has come.
    """
    return [
        _finding(number, severity, what.format(*row), remedy)
        for number, severity, sql, what, remedy in _RULES
        for row in _rows(sql)
    ]


def check_cases(area: str | None = None) -> list[Finding]:
    """C3 a case is not what was handed in or what its deciders saw; C4 one natural person made and decided it."""
    cases = Case.objects.all() if area is None else Case.objects.filter(Q(area__startswith=area) | Q(area=""))
    found = []
    for case in cases.prefetch_related("decisions", "private").iterator(chunk_size=500):
        if not _intact(case):
            what = f"复核事项 {case.pk}（{case.title}）的内容与提交或复核时不一致"
            found.append(_finding("C3", "error", what, "从备份和审计留痕取回原内容，查明何人改动；已执行的按错账更正"))
        same = {case.maker_person, case.subject_person} - {""}
        if any(each.person in same or each.operator_id == case.maker_id for each in case.decisions.all()):
            what = f"复核事项 {case.pk}（{case.title}）由经办人本人或涉及人员复核"
            found.append(_finding("C4", "error", what, "由另一名复核人员重新复核该业务，查明触发器何时被停用"))
    return found


def _intact(case: Case) -> bool:
    """Without the key nothing can be said of a private text; that the key is missing is K1."""
    try:
        return approvals.intact(case)
    except Rejection:
        return True


def check_numbers() -> list[Finding]:
    """C6 a series of numbers has gaps."""
    remedy = "查明缺失编号的单据，不得补号；记录情况说明"
    return [
        _finding("C6", "error", f"编号系列 {name} 最后编号 {last}，实有 {count} 张单据", remedy)
        for name, count, last in parameters.number_gaps()
    ]


_RULES: tuple[tuple[str, Literal["error", "warning"], str, str, str], ...] = (
    (
        "C1",
        "error",
        """
        SELECT DISTINCT o1.login, p1.name, o2.login, p2.name
        FROM control_grant g1 JOIN control_operator o1 ON o1.id = g1.operator_id JOIN control_post p1 ON p1.id = g1.post_id
        JOIN control_separationrule r ON r.one = p1.category
        JOIN control_post p2 ON p2.category = r.other
        JOIN control_grant g2 ON g2.post_id = p2.id AND g2.since < g1.until AND g1.since < g2.until
        JOIN control_operator o2 ON o2.id = g2.operator_id
        WHERE g1.ended_at IS NULL AND g2.ended_at IS NULL AND g1.until > current_date AND g2.until > current_date
          AND (o1.id = o2.id OR (o1.person <> '' AND o1.person = o2.person))
        ORDER BY 1, 3
        """,
        "同一自然人（{0}、{2}）同时任不相容岗位“{1}”和“{3}”",
        "收回其中一个授权；如规则是新设的，按新规则重新安排岗位",
    ),
    (
        "C2",
        "error",
        """
        SELECT g.id, o.login, p.name FROM control_grant g
        JOIN control_operator o ON o.id = g.operator_id JOIN control_post p ON p.id = g.post_id
        LEFT JOIN control_organisation n ON n.id = g.organisation_id
        LEFT JOIN control_case c ON c.id = g.case_id AND c.kind = 'rights.grant' AND c.state = 'done'
        WHERE NOT g.installation AND (
            c.id IS NULL OR c.payload::json ->> 'login' <> o.login OR c.payload::json ->> 'post' <> p.code
            OR c.payload::json ->> 'area' <> g.area OR (c.payload::json ->> 'until')::date < g.until
            OR (c.payload::json ->> 'since')::date > g.since
            OR coalesce(c.payload::json ->> 'organisation', '') <> coalesce(n.code, '')
            OR NOT EXISTS (SELECT FROM control_casedecision d WHERE d.case_id = c.id AND d.approved))
        ORDER BY g.id
        """,
        "授权 {0}（{1} 任“{2}”）没有与之相符的已审批事项",
        "立即收回该授权，查明何人以何权限写入数据库，按安全事件上报",
    ),
    (
        "C5",
        "warning",
        """
        SELECT DISTINCT o.login, p.name FROM control_grant g
        JOIN control_operator o ON o.id = g.operator_id AND o.person = '' AND o.is_active
        JOIN control_post p ON p.id = g.post_id
        JOIN control_postfunction f ON f.post_id = p.id AND f.function IN (SELECT function FROM control_reviewrule)
        WHERE g.ended_at IS NULL AND g.until > current_date ORDER BY 1
        """,
        "操作员 {0} 任“{1}”，但没有登记身份证号，不能复核",
        "核对身份证件后在操作员页面登记",
    ),
    (
        "C7",
        "error",
        """
        SELECT c.id, c.title FROM control_case c
        WHERE c.state IN ('done', 'returned') AND NOT EXISTS (
            SELECT FROM control_casedecision d
            WHERE d.case_id = c.id AND d.step = c.step AND d.approved = (c.state = 'done'))
        ORDER BY c.id
        """,
        "复核事项 {0}（{1}）已办结，但没有相应的复核意见",
        "按该事项已执行的内容逐项核对并更正，查明何人以何权限写入数据库，按安全事件上报",
    ),
    (
        "C8",
        "warning",
        """
        SELECT o.code, o.name, v.since FROM control_organisationversion v
        JOIN control_organisation o ON o.id = v.organisation_id
        WHERE NOT v.taken_up AND v.since < current_date ORDER BY v.since
        """,
        "机构 {0}（{1}）应于 {2} 生效的变更没有生效",
        "检查后台进程（tongchou worker）是否在运行；变更已不成立的，另行提交该机构的变更",
    ),
)


def _rows(sql: str) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchmany(SHOWN))


def _finding(number: str, severity: Literal["error", "warning"], what: str, remedy: str) -> Finding:
    return Finding(number=number, severity=severity, what=what, remedy=remedy)
