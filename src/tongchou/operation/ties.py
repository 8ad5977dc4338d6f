"""The totals by which a restored database is tied to the one it was taken from.

One set of figures: what the books say, per area. Equal totals at the same point of the log mean that nothing that was
answered is missing and nothing was added. Amounts are fen.
"""

from __future__ import annotations

from typing import Any

import psycopg

Totals = dict[str, Any]

_PARTS = {
    "journals": """
        SELECT area, count(*), coalesce(sum(entry_count), 0)::bigint, coalesce(sum(turnover), 0)::bigint
        FROM ledger_journal GROUP BY area ORDER BY area""",
    "accounts": """
        SELECT a.area, a.code, count(*), sum(e.amount)::bigint
        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id GROUP BY 1, 2 ORDER BY 1, 2""",
    "settlements": """
        SELECT area, count(*), coalesce(sum(total), 0)::bigint, coalesce(sum(fund_pay), 0)::bigint,
               coalesce(sum(account_pay), 0)::bigint, coalesce(sum(cash_pay), 0)::bigint
        FROM settlement_settlement GROUP BY area ORDER BY area""",
    "receipts": "SELECT institution_code, count(*) FROM settlement_receipt GROUP BY 1 ORDER BY 1",
    "closed days": """
        SELECT area, count(*), max(day)::text, md5(string_agg(figures::text, ',' ORDER BY day))
        FROM ledger_businessday WHERE closed_at IS NOT NULL GROUP BY area ORDER BY area""",
    "trail": "SELECT area, count(*) FROM control_trailblock GROUP BY area ORDER BY area",
}
"""Part of the totals → SQL whose rows are compared; the first column (two for accounts) names the row."""
_EXACT = ("journals", "accounts", "settlements")
"""Written in the transaction that writes the journal, so they are exact at the restore point."""
_LABELS = {
    "journals": "凭证",
    "accounts": "科目",
    "settlements": "结算",
    "receipts": "报文",
    "closed days": "已日结业务日",
    "trail": "留痕区块",
}
_KEYS = {"accounts": 2}


def totals(connection: psycopg.Connection[Any]) -> Totals:
    """The totals of a database; parts whose tables do not exist yet are left out."""
    found: Totals = {}
    for part, sql in _PARTS.items():
        table = next(word for word in sql.split() if word.startswith(("ledger_", "settlement_", "control_")))
        exists = connection.execute("SELECT to_regclass(%s)", [table]).fetchone()
        if exists and exists[0]:
            found[part] = [list(row) for row in connection.execute(sql).fetchall()]
    return found


def differences(stated: Totals, found: Totals) -> list[str]:
    """What differs, one line in Chinese each; empty when the two tie."""
    lines = []
    for part in _EXACT:
        keys = _KEYS.get(part, 1)
        before = {tuple(row[:keys]): row[keys:] for row in stated.get(part, [])}
        after = {tuple(row[:keys]): row[keys:] for row in found.get(part, [])}
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                name = " ".join(str(word) for word in key)
                lines.append(f"{_LABELS[part]} {name}：应为 {before.get(key, '无')}，实为 {after.get(key, '无')}")
    return lines


def changed_since(stated: Totals, live: Totals) -> list[str]:
    """What the live books have lost since the totals were stated: journals, settlements, receipts and sealed trail only grow."""
    lines = []
    for part in ("journals", "settlements", "receipts", "closed days", "trail"):
        now = {row[0]: row[1] for row in live.get(part, [])}
        for row in stated.get(part, []):
            if now.get(row[0], 0) < row[1]:
                lines.append(f"{_LABELS[part]} {row[0]}：备份时 {row[1]} 条，现在只有 {now.get(row[0], 0)} 条")
    return lines


def trail_ends(stated: Totals) -> dict[str, int]:
    """Area → number of the last sealed block of its audit trail; blocks are numbered without gaps."""
    return {row[0]: row[1] for row in stated.get("trail", [])}


def summary(stated: Totals) -> str:
    """The totals in one line."""
    journals = sum(row[1] for row in stated.get("journals", []))
    settlements = sum(row[1] for row in stated.get("settlements", []))
    turnover = sum(row[3] for row in stated.get("journals", []))
    return f"凭证 {journals} 张，借方 {turnover // 100}.{turnover % 100:02d} 元，结算 {settlements} 笔"
