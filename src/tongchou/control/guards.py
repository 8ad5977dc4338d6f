"""The database's own guards: triggers that refuse changes and write the trail. Are they there, and switched on?

Who owns the database can switch them off, write, and leave them off. What was written then is found by the trail's blocks or by
the books; that somebody did it is found here. The list names triggers of all rooms; a test holds it against the schema.
"""

from __future__ import annotations

from django.db import connection

from tongchou.kernel.findings import Finding

GUARDS: dict[str, str] = {
    "control_attachment": "immutable sealed_only",
    "control_case": "frozen",
    "control_casedecision": "checked immutable",
    "control_caseprivate": "immutable sealed_only",
    "control_grant": "checked",
    "control_identity": "checked immutable",
    "control_trail": "immutable stamp",
    "control_trailblock": "immutable",
    "control_trailroot": "immutable",
    "ledger_account": "account_kept",
    "ledger_entry": "entry_added entry_immutable",
    "ledger_journal": "journal_added journal_balanced journal_immutable",
    "publication_draft": "keep",
    "publication_publishedversion": "immutable keep_days",
    "publication_undoing": "immutable in_time",
    "registry_card": "keep_history",
    "registry_change": "immutable",
    "registry_diseasecertificate": "keep_history",
    "registry_employer": "keep_history",
    "registry_enrolment": "keep_history",
    "registry_identityclass": "keep_history",
    "registry_person": "keep_history",
    "registry_sealedchange": "immutable",
    "settlement_feeline": "bought_kept former_kept",
    "settlement_formerline": "immutable",
    "settlement_payment": "immutable",
    "settlement_policypackage": "immutable",
    "settlement_replacement": "immutable",
    "settlement_resettledperson": "keep_trial",
    "settlement_settlement": "immutable trail_insert",
}  # fmt: skip
"""Table → its guards."""
WATCHED = frozenset(
    {
        "accounts_familybinding", "catalogues_item", "catalogues_itemterm", "catalogues_mapping",
        "catalogues_pricelimit", "contributions_entitlement", "control_blindentry", "control_calendarday",
        "control_case", "control_casedecision", "control_codeset", "control_grant", "control_grantreview",
        "control_identity", "control_inspection", "control_inspectionitem", "control_operator",
        "control_organisation", "control_organisationversion", "control_parameter", "control_parametervalue",
        "control_post", "control_postfunction", "control_reviewrule", "control_separationrule",
        "providers_agreement", "providers_institution", "registry_card", "registry_diseasecertificate",
        "registry_employer", "registry_enrolment", "registry_household", "registry_identityclass", "registry_person",
    }
)  # fmt: skip
"""Tables whose every change enters the trail by itself (``control_trail_watch``)."""
TRAIL = ("trail_insert", "trail_update", "trail_delete")
NO_GUARDS = frozenset({"raise_revision"})
"""Triggers that only tell caches that something changed. Those of the queue begin with ``procrastinate_``."""
_REMEDY = "由数据库管理员恢复（以新版本的结构为准，运行 tongchou migrate 后复查），查明何人何时停用、其间写入了什么，按安全事件上报"

_STATES = """
SELECT c.relname, t.tgname, t.tgenabled IN ('O', 'A') FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE NOT t.tgisinternal AND (t.tgparentid = 0 OR t.tgenabled NOT IN ('O', 'A')) AND t.tgname NOT LIKE 'procrastinate%'
"""


def expected() -> set[tuple[str, str]]:
    """Every guard: table, trigger."""
    named = {(table, trigger) for table, triggers in GUARDS.items() for trigger in triggers.split()}
    return named | {(table, trigger) for table in WATCHED for trigger in TRAIL}


def present() -> dict[tuple[str, str], bool]:
    """The guards that the database has, and whether each is switched on."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES)
        return {(table, name): bool(on) for table, name, on in cursor.fetchall() if name not in NO_GUARDS}


def check() -> list[Finding]:
    """G1: a guard is switched off or missing."""
    found = present()
    wrong = [(table, name, "停用") for (table, name), on in found.items() if not on]
    wrong += [(table, name, "缺失") for table, name in expected() - found.keys()]
    return [
        Finding(number="G1", severity="error", what=f"数据库防护 {table}.{name} 已{how}", remedy=_REMEDY)
        for table, name, how in sorted(wrong)
    ]
