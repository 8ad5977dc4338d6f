"""A revocation frees the lines of a visit to be settled again, otherwise or not at all; what the revoked bill had is kept.

Only then: a purchase keeps its lines, and a re-run hands them on.
"""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = r"""
CREATE FUNCTION settlement_keep_former_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO settlement_formerline (settlement_id, line_no, line) VALUES (OLD.settlement_id, OLD.line_no, to_jsonb(OLD));
    RETURN NULL;
END $$;
CREATE TRIGGER former_kept AFTER UPDATE OF settlement_id ON settlement_feeline
    FOR EACH ROW WHEN (OLD.settlement_id IS NOT NULL AND NEW.settlement_id IS NULL)
    EXECUTE FUNCTION settlement_keep_former_line();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_formerline
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();

-- The lines of a settlement: those that it has, or those that it had until it was revoked.
CREATE FUNCTION settlement_lines_of(p_month date, p_encounter bigint, p_settlement bigint) RETURNS SETOF settlement_feeline
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT f.* FROM settlement_feeline f
    WHERE f.fee_month = p_month AND f.encounter_id = p_encounter AND f.settlement_id = p_settlement
    UNION ALL
    SELECT l.* FROM settlement_formerline o CROSS JOIN LATERAL jsonb_populate_record(NULL::settlement_feeline, o.line) AS l
    WHERE o.settlement_id = p_settlement
$$;
"""
BACKWARD = """
DROP FUNCTION settlement_lines_of(date, bigint, bigint);
DROP TRIGGER immutable ON settlement_formerline;
DROP TRIGGER former_kept ON settlement_feeline;
DROP FUNCTION settlement_keep_former_line();
"""


class Migration(migrations.Migration):
    """After the guard of settled lines."""

    dependencies = [("settlement", "0012_settled_lines")]

    operations = [
        migrations.CreateModel(
            name="FormerLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "settlement_id", "line_no", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line_no", models.BigIntegerField(verbose_name="费用明细流水号")),
                ("line", models.JSONField(verbose_name="撤销时的费用明细")),
                (
                    "settlement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="settlement.settlement",
                        verbose_name="结算",
                    ),
                ),
            ],
            options={"verbose_name": "已撤销结算的费用明细", "verbose_name_plural": "已撤销结算的费用明细"},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
