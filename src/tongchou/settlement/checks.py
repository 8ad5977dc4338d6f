"""Settlement's invariants, checked on a live database with set-based SQL (`tongchou doctor`)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, NamedTuple

from tongchou.kernel.findings import Finding, Severity
from tongchou.settlement import closing
from tongchou.settlement.database import run
from tongchou.settlement.partitions import missing_fee_months

SHOWN = 20


class Rule(NamedTuple):
    """An invariant: its violations as rows, and how to say one."""

    number: str
    sql: str
    what: str
    remedy: str
    severity: Severity = "error"


RESTORE = "数据被绕过系统改动：从备份恢复所列记录，并查明谁以何权限写入数据库"

RULES = (
    Rule(
        "S1",
        """
        SELECT id, total, out_of_scope + over_limit + prior_self_pay + in_scope, fund_pay + account_pay + cash_pay
        FROM settlement_settlement
        WHERE total <> out_of_scope + over_limit + prior_self_pay + in_scope OR total <> fund_pay + account_pay + cash_pay
           OR (direction > 0 AND least(total, fund_pay, account_pay, cash_pay) < 0)
        ORDER BY id
        """,
        "结算 {0}：总额 {1} 分，费用构成合计 {2} 分，支付合计 {3} 分",
        RESTORE,
    ),
    Rule(
        "S2",
        """
        SELECT s.id, s.fund_pay, coalesce(sum(y.amount), 0)
        FROM settlement_settlement s LEFT JOIN settlement_payment y ON y.settlement_id = s.id
        GROUP BY s.id HAVING s.fund_pay <> coalesce(sum(y.amount), 0) ORDER BY s.id
        """,
        "结算 {0}：基金支付 {1} 分，分项合计 {2} 分",
        RESTORE,
    ),
    Rule(
        "S3",
        """
        SELECT s.id, s.total, coalesce(f.amount, 0)
        FROM settlement_settlement s
        LEFT JOIN (
            SELECT settlement_id, sum(amount) AS amount, sum(out_of_scope) AS out_of_scope, sum(over_limit) AS over_limit,
                   sum(prior_self_pay) AS prior_self_pay, sum(in_scope) AS in_scope
            FROM settlement_feeline WHERE settlement_id IS NOT NULL GROUP BY settlement_id
        ) AS f ON f.settlement_id = s.id
        WHERE s.direction > 0
          AND NOT EXISTS (SELECT 1 FROM settlement_settlement r WHERE r.reversal_of_id = s.id)
          AND (s.total, s.out_of_scope, s.over_limit, s.prior_self_pay, s.in_scope) IS DISTINCT FROM
              (coalesce(f.amount, 0), coalesce(f.out_of_scope, 0), coalesce(f.over_limit, 0),
               coalesce(f.prior_self_pay, 0), coalesce(f.in_scope, 0))
        ORDER BY s.id
        """,
        "结算 {0}：总额 {1} 分，费用明细合计 {2} 分（或构成不符）",
        RESTORE,
    ),
    Rule(
        "S4",
        """
        SELECT s.id, coalesce(j.journals, 0) FROM settlement_settlement s
        LEFT JOIN (
            SELECT cause_id, count(*) AS journals, min(area) AS area, min(business_date) AS day,
                   min(reversal_of_id) AS reversal_of
            FROM ledger_journal WHERE cause = 'settlement' GROUP BY cause_id
        ) AS j ON j.cause_id = s.id
        WHERE coalesce(j.journals, 0) <> 1 OR j.area <> s.area OR j.day <> s.business_date
           OR j.reversal_of IS DISTINCT FROM s.reversal_of_id
        UNION ALL
        SELECT j.cause_id, -1 FROM ledger_journal j
        WHERE j.cause = 'settlement' AND NOT EXISTS (SELECT 1 FROM settlement_settlement s WHERE s.id = j.cause_id)
        ORDER BY 1
        """,
        "结算 {0}：应有且只有一张相符的凭证，实有 {1} 张（-1 表示凭证没有结算）",
        "查明缺失或多出的凭证，从备份恢复；检查 ledger_journal 的触发器是否被停用",
    ),
    Rule(
        "S5",
        """
        SELECT s.id, s.fund_pay, s.account_pay, s.cash_pay, e.fund, e.account, e.cash
        FROM settlement_settlement s
        JOIN (
            SELECT j.cause_id, coalesce(sum(e.amount) FILTER (WHERE starts_with(a.code, '5001.')), 0) AS fund,
                   coalesce(sum(e.amount) FILTER (WHERE a.code = '2201'), 0) AS account,
                   coalesce(sum(e.amount) FILTER (WHERE a.code = '9001'), 0) AS cash
            FROM ledger_journal j LEFT JOIN ledger_entry e ON e.journal_id = j.id
            LEFT JOIN ledger_account a ON a.id = e.account_id
            WHERE j.cause = 'settlement' GROUP BY j.cause_id
        ) AS e ON e.cause_id = s.id
        WHERE (s.fund_pay, s.account_pay, s.cash_pay) IS DISTINCT FROM (e.fund, e.account, e.cash)
        ORDER BY s.id
        """,
        "结算 {0}：基金/个账/现金 {1}/{2}/{3} 分，凭证为 {4}/{5}/{6} 分",
        RESTORE,
    ),
    Rule(
        "S17",
        """
        SELECT s.id, coalesce(s.account_id, b.id), e.party
        FROM settlement_settlement s
        JOIN ledger_journal j ON j.cause = 'settlement' AND j.cause_id = s.id
        JOIN ledger_entry e ON e.journal_id = j.id
        JOIN ledger_account a ON a.id = e.account_id AND a.code = '2201'
        LEFT JOIN accounts_account b ON b.person_id = s.person_id AND b.scheme = s.scheme
        WHERE e.party IS DISTINCT FROM coalesce(s.account_id, b.id)
        ORDER BY s.id
        """,
        "结算 {0} 应由个人账户 {1} 支付，分录记在账户 {2}",
        RESTORE,
    ),
    Rule(
        "S18",
        """
        SELECT s.id, coalesce(s.account_id, 0) FROM settlement_settlement s
        LEFT JOIN settlement_settlement o ON o.id = s.reversal_of_id
        WHERE (s.account_used = '2') <> (s.account_id IS NOT NULL)
           OR (o.id IS NOT NULL AND s.account_id IS DISTINCT FROM o.account_id)
        UNION ALL
        SELECT s.id, s.account_id FROM settlement_settlement s
        CROSS JOIN LATERAL (
            SELECT (r.settled_at AT TIME ZONE 'Asia/Shanghai')::date AS day
            FROM settlement_settlement r WHERE r.id = settlement_root(s.id)) AS d
        WHERE s.account_id IS NOT NULL AND s.direction > 0 AND NOT EXISTS (
            SELECT 1 FROM accounts_account a
            JOIN accounts_familybinding f ON f.owner_id = a.person_id AND f.scheme = a.scheme
            WHERE a.id = s.account_id AND f.member_id = s.person_id AND (f.period @> d.day OR upper(f.period) = d.day))
        ORDER BY 1
        """,
        "结算 {0} 使用共济账户 {1}，但当时没有这项共济绑定，或与使用标志、原结算不符",
        "核对共济绑定的审计留痕；绑定被删改的从备份恢复，支付有误的撤销结算退回账户",
    ),
    Rule(
        "S6",
        """
        SELECT r.id, o.id FROM settlement_settlement r LEFT JOIN settlement_settlement o ON o.id = r.reversal_of_id
        WHERE r.direction < 0 AND (
            o.id IS NULL OR o.direction < 0 OR r.encounter_id <> o.encounter_id OR r.person_id <> o.person_id
            OR (r.total, r.fund_pay, r.account_pay, r.cash_pay, r.in_scope)
               IS DISTINCT FROM (-o.total, -o.fund_pay, -o.account_pay, -o.cash_pay, -o.in_scope))
        UNION ALL
        SELECT max(id), reversal_of_id FROM settlement_settlement WHERE reversal_of_id IS NOT NULL
        GROUP BY reversal_of_id HAVING count(*) > 1
        ORDER BY 1
        """,
        "撤销 {0} 与原结算 {1} 不是互为镜像，或被撤销多次",
        RESTORE,
    ),
    Rule(
        "S7",
        """
        WITH moved AS (
            SELECT s.person_id, s.scheme, p.key AS period, d.key AS name, sum(d.value::bigint) AS amount
            FROM settlement_settlement s, jsonb_each(s.accumulator_delta) AS p, jsonb_each_text(p.value) AS d
            GROUP BY 1, 2, 3, 4
        ), held AS (
            SELECT a.person_id, a.scheme, a.period, d.key AS name, d.value::bigint AS amount
            FROM settlement_accumulators a, jsonb_each_text(a.values) AS d
        )
        SELECT coalesce(h.person_id, m.person_id), coalesce(h.scheme, m.scheme), coalesce(h.period, m.period),
               coalesce(h.name, m.name), coalesce(h.amount, 0), coalesce(m.amount, 0)
        FROM held h FULL JOIN moved m
            ON m.person_id = h.person_id AND m.scheme = h.scheme AND m.period = h.period AND m.name = h.name
        WHERE coalesce(h.amount, 0) <> coalesce(m.amount, 0)
        ORDER BY 1, 2, 3, 4
        """,
        "参保人（内部编号 {0}）险种 {1} 期间 {2} 累计项 {3} 为 {4}，各结算合计为 {5}",
        "以结算记录的累计变动为准更正个人累计，并查明谁改动了累计",
    ),
    Rule(
        "S8",
        """
        SELECT r.institution_code, r.message_id, r.transaction, r.subject FROM settlement_receipt r
        WHERE (r.transaction IN ('2102', '2103', '2207', '2208', '2304', '2305')
               AND NOT (r.subject = 0 AND r.undone_by <> '')
               AND NOT EXISTS (SELECT 1 FROM settlement_settlement s WHERE s.id = r.subject))
           OR (r.transaction IN ('2201', '2401') AND NOT (r.subject = 0 AND r.undone_by <> '')
               AND NOT EXISTS (SELECT 1 FROM settlement_encounter e WHERE e.id = r.subject))
        ORDER BY 1, 2
        """,
        "机构 {0} 报文 {1}（交易 {2}）指向的业务 {3} 不存在",
        "已应答的业务丢失：从备份恢复，并请机构以 3202 对明细账",
    ),
    Rule(
        "S9",
        """
        SELECT f.encounter_id, f.line_no, f.settlement_id FROM settlement_feeline f
        WHERE f.settlement_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM settlement_settlement s WHERE s.id = f.settlement_id AND s.encounter_id = f.encounter_id)
        ORDER BY 1, 2
        """,
        "就诊 {0} 的费用明细 {1} 指向不存在或不属于该就诊的结算 {2}",
        RESTORE,
    ),
    Rule(
        "S13",
        """
        SELECT s.id, s.encounter_id FROM settlement_settlement s
        LEFT JOIN settlement_encounter e ON e.id = s.encounter_id
        WHERE e.id IS NULL OR e.person_id <> s.person_id OR e.institution_code <> s.institution_code ORDER BY s.id
        """,
        "结算 {0} 与就诊 {1} 的人员或机构不符",
        RESTORE,
    ),
    Rule(
        "S15",
        """
        SELECT x.original_id, x.successor_id FROM settlement_replacement x
        LEFT JOIN settlement_settlement o ON o.id = x.original_id
        LEFT JOIN settlement_settlement r ON r.id = x.reversal_id
        LEFT JOIN settlement_settlement n ON n.id = x.successor_id
        WHERE r.reversal_of_id IS DISTINCT FROM x.original_id OR n.direction IS DISTINCT FROM 1
           OR (n.encounter_id, n.person_id, n.message_id, n.institution_code, n.total)
              IS DISTINCT FROM (o.encounter_id, o.person_id, o.message_id, o.institution_code, o.total)
        UNION ALL
        SELECT c.subject, 0 FROM settlement_receipt c
        WHERE c.transaction = 'RERUN' AND NOT EXISTS (
            SELECT 1 FROM settlement_replacement x WHERE c.subject IN (x.reversal_id, x.successor_id))
        ORDER BY 1
        """,
        "重新结算：结算 {0} 与新结算 {1} 的替换关系不成立（0 表示缺少替换记录）",
        RESTORE,
    ),
    Rule(
        "S16",
        """
        SELECT n.id, o.id, o.fund_pay + o.account_pay, o.cash_pay, coalesce(e.owed, 0), coalesce(e.received, 0)
        FROM settlement_replacement x JOIN settlement_settlement n ON n.id = x.successor_id
        JOIN settlement_settlement o ON o.id = settlement_root(n.id)
        LEFT JOIN LATERAL (
            SELECT -sum(l.amount) FILTER (WHERE starts_with(a.code, '2101.')) AS owed,
                   -sum(l.amount) FILTER (WHERE a.code = '9002') AS received
            FROM ledger_entry l JOIN ledger_account a ON a.id = l.account_id WHERE l.journal_id = n.id) AS e ON true
        WHERE (o.fund_pay + o.account_pay, o.cash_pay) IS DISTINCT FROM (coalesce(e.owed, 0), coalesce(e.received, 0))
        ORDER BY 1
        """,
        "新结算 {0}：机构原获告知（结算 {1}）应付 {2} 分、现金 {3} 分，凭证为 {4} 分、{5} 分",
        RESTORE,
    ),
    Rule(
        "S10",
        """
        SELECT DISTINCT s.package, min(s.id) FROM settlement_settlement s
        WHERE s.package <> '' AND NOT EXISTS (SELECT 1 FROM settlement_policypackage p WHERE p.hash = s.package)
        GROUP BY s.package ORDER BY 1
        """,
        "政策包 {0} 没有存档（例如结算 {1} 使用了它）",
        "从版本库找回该政策包并存入政策包存档，否则旧结算无法解释",
    ),
    Rule(
        "S14",
        """
        SELECT s.id FROM settlement_settlement s
        LEFT JOIN (
            SELECT object_id::bigint AS id, min(after) AS after, count(*) AS times FROM control_trail
            WHERE object_kind = 'settlement' AND action IN ('settle', 'revoke') GROUP BY 1
        ) t ON t.id = s.id
        WHERE CASE WHEN t.id IS NULL
            THEN s.id > (SELECT min(object_id::bigint) FROM control_trail WHERE object_kind = 'settlement')
            ELSE t.times <> 1 OR t.after <> settlement_in_one_line(s) END
        ORDER BY s.id
        """,
        "结算 {0} 与写入时的审计留痕不符，或没有留痕",
        "结算单写入后被改动：以留痕所记金额和备份核对，恢复该结算，并查明谁以何权限写入数据库",
    ),
)


def check(area: str | None = None, *, today: date) -> list[Finding]:
    """Check the invariants S1…S18.

    S1 payers and parts sum to the total; S2 payments; S3 fee lines; S4 one journal each; S5 the journal says the same;
    S6 revocations mirror, once; S7 counters are the sum of the deltas; S8 receipts point to what exists; S9 lines too;
    S17 the account that paid is the one in the journal; S18 a family account was bound when it paid, and a mirror names it too;
    S10 packages are archived; S11 closed days' settlements can be recomputed; S12 partitions are there; S13 a settlement is of its
    encounter's person and institution; S15 what a re-run replaced; S16 the institution stays owed what it was told.

    Args:
        area: closed days of this area only; the other invariants are of the whole database.
        today: this and the next month must have partitions.
    """
    findings = []
    for rule in RULES:
        found = run(rule.sql, ())
        findings += [_finding(rule, rule.what.format(*row)) for row in found[:SHOWN]]
        if len(found) > SHOWN:
            findings.append(_finding(rule, f"……另有 {len(found) - SHOWN} 条"))
    return findings + _closed_days(area) + _partitions(today)


def _finding(rule: Rule, what: str) -> Finding:
    return Finding(number=rule.number, severity=rule.severity, what=what, remedy=rule.remedy)


def _closed_days(area: str | None) -> list[Finding]:
    rows = run(
        "SELECT area, day, figures FROM ledger_businessday"
        " WHERE closed_at IS NOT NULL AND (%s::text IS NULL OR area = %s) ORDER BY 1, 2",
        (area, area),
    )
    findings = []
    for an_area, day, raw in rows:
        figures: dict[str, Any] = json.loads(raw) if isinstance(raw, str) else raw
        views = figures.get("views", {})
        now = closing.settled_and_owed(an_area, day)
        for name in (closing.SETTLEMENTS, closing.INSTITUTIONS):
            if name in views and _filled(views[name]) != _filled(now[name]):
                what = f"统筹区 {an_area} 业务日 {day} 的“{name}”数据与日结时不符"
                findings.append(Finding(number="S11", severity="error", what=what, remedy=RESTORE))
    return findings


def _filled(view: dict[str, int]) -> dict[str, int]:
    return {figure: fen for figure, fen in view.items() if fen}


def _partitions(today: date) -> list[Finding]:
    remedy = "执行日终计划（其中“费用分区”一步）或 tongchou close-day，会自动补建费用明细的月分区"
    findings = [
        Finding(number="S12", severity="warning", what=f"缺少费用明细分区 {name}", remedy=remedy)
        for name in missing_fee_months(around=today)
    ]
    (strays,) = run("SELECT count(*) FROM settlement_feeline_default", ())[0]
    if strays:
        what = f"费用明细默认分区中有 {strays} 条记录"
        findings.append(Finding(number="S12", severity="warning", what=what, remedy=remedy))
    return findings
