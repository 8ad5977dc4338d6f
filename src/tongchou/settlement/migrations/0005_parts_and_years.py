"""Fee lines say what kinds their item belonged to; settlements keep the earlier years of a divided stay.

Both columns may be null: a process of the version before goes on writing while this one is being rolled out.
"""

from django.db import migrations, models

LINES = r"""
ALTER TABLE settlement_feeline ADD COLUMN item_kinds varchar(100);

-- The stamp is another one as soon as a line is added: lines that were swapped for others of the same sums are seen.
CREATE OR REPLACE FUNCTION settlement_line_sums(p_month date, p_encounter bigint, p_batch text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
        'count', count(*), 'amount', coalesce(sum(amount), 0), 'out_of_scope', coalesce(sum(out_of_scope), 0),
        'over_limit', coalesce(sum(over_limit), 0), 'prior_self_pay', coalesce(sum(prior_self_pay), 0),
        'in_scope', coalesce(sum(in_scope), 0), 'stamp', coalesce(max(xmin::text::bigint), 0))
    FROM settlement_feeline
    WHERE fee_month = p_month AND encounter_id = p_encounter AND settlement_id IS NULL AND (p_batch = '' OR batch = p_batch)
$$;
"""

LINES_UNDO = r"""
CREATE OR REPLACE FUNCTION settlement_line_sums(p_month date, p_encounter bigint, p_batch text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
        'count', count(*), 'amount', coalesce(sum(amount), 0), 'out_of_scope', coalesce(sum(out_of_scope), 0),
        'over_limit', coalesce(sum(over_limit), 0), 'prior_self_pay', coalesce(sum(prior_self_pay), 0),
        'in_scope', coalesce(sum(in_scope), 0))
    FROM settlement_feeline
    WHERE fee_month = p_month AND encounter_id = p_encounter AND settlement_id IS NULL AND (p_batch = '' OR batch = p_batch)
$$;
ALTER TABLE settlement_feeline DROP COLUMN item_kinds;
"""

LOCK = r"""
-- Lock the encounters of a write and leave out the jobs whose encounter, lines or settlement are no longer as they were read.
CREATE OR REPLACE FUNCTION settlement_lock_visits(p_jobs json, p_ok bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_ok bigint[] := p_ok;
    v_bad bigint[];
BEGIN
    WITH locked AS (
        SELECT j.sid, j.status AS expected, e.status
        FROM json_to_recordset(p_jobs) AS j(sid bigint, encounter bigint, action text, status text)
        JOIN settlement_encounter e ON e.id = j.encounter
        WHERE j.action <> 'purchase'
        ORDER BY e.id
        FOR UPDATE OF e
    )
    SELECT array_agg(l.sid) INTO v_bad FROM locked l WHERE l.expected <> l.status;
    v_ok := ARRAY(SELECT unnest(v_ok) EXCEPT SELECT unnest(v_bad));
    -- The encounter is locked: nobody adds, withdraws, settles or frees its lines any more. What a job knows of the lines
    -- must hold: a settlement knows all, a restoration the amounts.
    SELECT array_agg(j.sid) INTO v_bad
    FROM json_to_recordset(p_jobs) AS j(
        sid bigint, encounter bigint, action text, month date, batch text, sums jsonb, original bigint, keep boolean)
    WHERE j.sid = ANY (v_ok) AND CASE
        WHEN j.action = 'settle' OR (j.action = 'restore' AND NOT j.keep)
            THEN NOT settlement_line_sums(j.month, j.encounter, j.batch) @> j.sums
        WHEN j.action = 'revoke' THEN EXISTS (
            SELECT 1 FROM settlement_settlement o WHERE o.reversal_of_id = j.original)
        ELSE false END;
    v_ok := ARRAY(SELECT unnest(v_ok) EXCEPT SELECT unnest(v_bad));
    RETURN v_ok;
END $$;
"""

LOCK_UNDO = LOCK.replace(
    """        WHEN j.action = 'settle' OR (j.action = 'restore' AND NOT j.keep)
            THEN NOT settlement_line_sums(j.month, j.encounter, j.batch) @> j.sums
""",
    """        WHEN j.action = 'settle' THEN settlement_line_sums(j.month, j.encounter, j.batch) <> j.sums
        WHEN j.action = 'restore' AND NOT j.keep
            THEN settlement_line_sums(j.month, j.encounter, j.batch) - 'count' <> j.sums
""",
)


class Migration(migrations.Migration):

    dependencies = [("settlement", "0004_trail")]

    operations = [
        migrations.RunSQL(LINES, LINES_UNDO),
        migrations.RunSQL(LOCK, LOCK_UNDO),
        migrations.AddField(
            model_name="settlement",
            name="earlier_years",
            field=models.JSONField(blank=True, null=True, verbose_name="跨年度住院的前期年度"),
        ),
    ]
