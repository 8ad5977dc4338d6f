"""The ledger's invariants, checked on a live database with set-based SQL (`tongchou doctor`)."""

from __future__ import annotations

import json
from typing import Any

from tongchou.kernel.findings import Finding
from tongchou.ledger import closing, queries

SHOWN = 20
"""Findings shown per invariant; the last one says how many more there are."""


def check(area: str | None = None) -> list[Finding]:
    """Check the invariants L1…L6 of one area, or of all.

    L1 every journal sums to zero; L2 counts and turnovers are as stated; L3 a reversal mirrors its original, once;
    L4 nothing was posted to a closed day after its closing; L5 a closed day's figures can be recomputed; L6 daily balances
    equal the entries up to that day.
    """
    findings: list[Finding] = []
    for number, sql, what, remedy in _RULES:
        found = queries.rows(sql, {"area": area})
        findings += [_finding(number, what.format(*row), remedy) for row in found[:SHOWN]]
        if len(found) > SHOWN:
            findings.append(_finding(number, f"……另有 {len(found) - SHOWN} 条", remedy))
    return findings + _closed_days(area)


def _finding(number: str, what: str, remedy: str) -> Finding:
    return Finding(number=number, severity="error", what=what, remedy=remedy)


_RULES = (
    (
        "L1",
        """
        SELECT j.id, j.business_key, sum(e.amount) FROM ledger_journal j JOIN ledger_entry e ON e.journal_id = j.id
        WHERE (%(area)s::text IS NULL OR j.area = %(area)s::text)
        GROUP BY j.id HAVING sum(e.amount) <> 0 ORDER BY j.id
        """,
        "凭证 {0}（{1}）借贷不平，差 {2} 分",
        "数据被绕过系统改动：从备份恢复该凭证的分录，并查明谁以何权限写入数据库",
    ),
    (
        "L2",
        """
        SELECT j.id, j.business_key, j.entry_count, j.turnover, count(e.*),
               coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)
        FROM ledger_journal j LEFT JOIN ledger_entry e ON e.journal_id = j.id
        WHERE (%(area)s::text IS NULL OR j.area = %(area)s::text)
        GROUP BY j.id
        HAVING count(e.*) <> j.entry_count OR coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0) <> j.turnover
        ORDER BY j.id
        """,
        "凭证 {0}（{1}）记载分录 {2} 条、借方 {3} 分，实有 {4} 条、{5} 分",
        "分录缺失或被增删：从备份恢复该凭证的分录，并检查 ledger_entry 的触发器是否被停用",
    ),
    (
        "L3",
        """
        SELECT r.id, r.reversal_of_id FROM ledger_journal r JOIN ledger_journal o ON o.id = r.reversal_of_id
        WHERE (%(area)s::text IS NULL OR r.area = %(area)s::text) AND (
            o.reversal_of_id IS NOT NULL OR EXISTS (
                SELECT 1 FROM (
                    SELECT account_id, party, amount FROM ledger_entry WHERE journal_id = r.id
                    UNION ALL SELECT account_id, party, amount FROM ledger_entry WHERE journal_id = o.id
                ) AS both_sides GROUP BY account_id, party HAVING sum(amount) <> 0))
        ORDER BY r.id
        """,
        "红冲凭证 {0} 与原凭证 {1} 不是互为镜像",
        "核对两张凭证的分录，从备份恢复被改动的一张",
    ),
    (
        "L4",
        """
        SELECT j.area, j.business_date, count(*), coalesce((d.figures ->> 'journals')::bigint, 0)
        FROM (
            SELECT area, max(day) AS through FROM ledger_businessday WHERE closed_at IS NOT NULL GROUP BY area
        ) AS closed
        JOIN ledger_journal j ON j.area = closed.area AND j.business_date <= closed.through
        LEFT JOIN ledger_businessday d ON d.area = j.area AND d.day = j.business_date AND d.closed_at IS NOT NULL
        WHERE (%(area)s::text IS NULL OR j.area = %(area)s::text)
        GROUP BY j.area, j.business_date, d.figures
        HAVING count(*) <> coalesce((d.figures ->> 'journals')::bigint, 0)
        ORDER BY 1, 2
        """,
        "统筹区 {0} 已关闭的业务日 {1} 现有凭证 {2} 张，日结时为 {3} 张",
        "查明日结后增加或消失的凭证：多出的红冲后在未日结的业务日重新入账，缺失的从备份恢复；检查触发器 journal_added 是否被停用",
    ),
    (
        "L6",
        """
        SELECT coalesce(b.area, m.area), coalesce(b.day, m.day), coalesce(b.code, m.code), coalesce(b.party, m.party),
               coalesce(b.balance, 0), coalesce(m.balance, 0)
        FROM (
            SELECT d.area, d.day, a.code, d.party, d.balance FROM ledger_dailybalance d
            JOIN ledger_account a ON a.id = d.account_id
        ) AS b
        FULL JOIN (
            SELECT j.area, d.day, a.code, CASE WHEN a.party_kind = 'person' THEN 0 ELSE e.party END AS party,
                   sum(e.amount) AS balance
            FROM (SELECT area, max(day) AS day FROM ledger_businessday WHERE closed_at IS NOT NULL GROUP BY area) AS d
            JOIN ledger_journal j ON j.area = d.area AND j.business_date <= d.day
            JOIN ledger_entry e ON e.journal_id = j.id
            JOIN ledger_account a ON a.id = e.account_id
            GROUP BY 1, 2, 3, 4 HAVING sum(e.amount) <> 0
        ) AS m ON m.area = b.area AND m.day = b.day AND m.code = b.code AND m.party = b.party
        WHERE (%(area)s::text IS NULL OR coalesce(b.area, m.area) = %(area)s::text)
          AND coalesce(b.balance, 0) <> coalesce(m.balance, 0)
          AND coalesce(b.day, m.day) = ledger_closed_through(coalesce(b.area, m.area))
        ORDER BY 1, 2, 3, 4
        """,
        "统筹区 {0} {1} 科目 {2}（对象 {3}）日终余额 {4} 分，按分录应为 {5} 分",
        "先查明是日终余额还是分录被改动；分录无误时删除该日余额并重新生成",
    ),
)


def _closed_days(area: str | None) -> list[Finding]:
    """L5: the ledger's view that a day closed with equals what its entries say today."""
    found = queries.rows(
        """
        SELECT area, day, figures FROM ledger_businessday
        WHERE closed_at IS NOT NULL AND (%(area)s::text IS NULL OR area = %(area)s::text) ORDER BY area, day
        """,
        {"area": area},
    )
    findings = []
    for an_area, day, raw in found:
        figures: dict[str, Any] = json.loads(raw) if isinstance(raw, str) else raw
        kept = {figure: fen for figure, fen in figures.get("views", {}).get("账簿", {}).items() if fen}
        now = {figure: fen for figure, fen in closing.day_of_ledger(an_area, day)["账簿"].items() if fen}
        if kept != now:
            wrong = "、".join(
                f"{figure} 日结 {kept.get(figure, 0)} 分/现在 {now.get(figure, 0)} 分"
                for figure in sorted(kept.keys() | now.keys())
                if kept.get(figure, 0) != now.get(figure, 0)
            )
            what = f"统筹区 {an_area} 业务日 {day} 日结数据与分录不符：{wrong}"
            findings.append(_finding("L5", what, "查明日结后被改动的分录或日结数据，从备份恢复"))
    return findings
