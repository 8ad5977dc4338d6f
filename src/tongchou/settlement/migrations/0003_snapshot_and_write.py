"""The two statements of a settlement: one that reads everything, one that writes everything."""

from django.db import migrations

SNAPSHOT = r"""
-- Counters of a person that a settlement may need: the current periods, the year before, and those for life.
CREATE FUNCTION settlement_accumulators_snapshot(p_person bigint, p_scheme text, p_periods text[]) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_object_agg(period, jsonb_build_object('values', values, 'version', version)), '{}')
    FROM settlement_accumulators
    WHERE person_id = p_person AND scheme = p_scheme AND (p_periods IS NULL OR period = ANY (p_periods))
$$;

-- The unsettled lines of an encounter in sums, and how many of the batch there are.
CREATE FUNCTION settlement_line_sums(p_month date, p_encounter bigint, p_batch text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
        'count', count(*), 'amount', coalesce(sum(amount), 0), 'out_of_scope', coalesce(sum(out_of_scope), 0),
        'over_limit', coalesce(sum(over_limit), 0), 'prior_self_pay', coalesce(sum(prior_self_pay), 0),
        'in_scope', coalesce(sum(in_scope), 0))
    FROM settlement_feeline
    WHERE fee_month = p_month AND encounter_id = p_encounter AND settlement_id IS NULL AND (p_batch = '' OR batch = p_batch)
$$;

-- Plans are kept for the session's life and every lookup is by key: the settings keep a plan that was made while a table
-- was still small from scanning it for ever.
--
-- Everything that deciding on the requests needs, one row each, as text for the process to decode.
CREATE FUNCTION settlement_snapshots(p_requests json) RETURNS TABLE (n integer, snapshot text)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off AS $$
DECLARE
    v_catalogue bigint := (SELECT number FROM catalogues_revision LIMIT 1);
    v_provider bigint := (SELECT number FROM providers_revision LIMIT 1);
    -- One probe of the index for each area instead of a scan over all days that were ever closed.
    v_closed jsonb := (
        WITH RECURSIVE areas (area) AS (
            SELECT min(d.area) FROM ledger_businessday d
            UNION ALL
            SELECT (SELECT min(d.area) FROM ledger_businessday d WHERE d.area > a.area) FROM areas a WHERE a.area IS NOT NULL
        )
        SELECT coalesce(jsonb_object_agg(a.area, c.day), '{}')
        FROM areas a CROSS JOIN LATERAL (SELECT ledger_closed_through(a.area) AS day) AS c
        WHERE a.area IS NOT NULL AND c.day IS NOT NULL);
BEGIN
    RETURN QUERY
    SELECT q.n, json_build_object(
        'day', s.day, 'catalogue_revision', coalesce(v_catalogue, 0), 'provider_revision', coalesce(v_provider, 0),
        'closed_through', v_closed,
        'receipt', (
            SELECT json_build_object(
                'transaction', r.transaction, 'body_hash', encode(r.body_hash, 'hex'),
                'answer', encode(r.answer, 'base64'), 'subject', r.subject, 'undone_by', r.undone_by)
            FROM settlement_receipt r WHERE r.institution_code = q.institution AND r.message_id = q.message),
        'person', p.person,
        'entitlement', (
            SELECT json_build_object(
                'continuous_since', t -> 'continuous_since', 'start', t -> 'from', 'until', t -> 'until')
            FROM contributions_entitlement_snapshot((p.person ->> 'id')::bigint, q.scheme, s.day) AS t
            WHERE t IS NOT NULL),
        'account', accounts_snapshot((p.person ->> 'id')::bigint, q.scheme),
        'accumulators', settlement_accumulators_snapshot((p.person ->> 'id')::bigint, q.scheme, NULL),
        'encounter', CASE WHEN e.id IS NOT NULL THEN json_build_object(
            'id', e.id, 'person_id', e.person_id, 'institution_code', e.institution_code, 'scheme', e.scheme,
            'med_type', e.med_type, 'status', e.status, 'begin_at', e.begin_at, 'end_at', e.end_at,
            'fee_month', e.fee_month, 'disease_code', e.disease_code, 'disease_name', e.disease_name,
            'details', e.details) END,
        'sums', CASE WHEN e.id IS NOT NULL THEN settlement_line_sums(e.fee_month, e.id, q.batch) END
    )::text
    FROM json_to_recordset(p_requests) AS q(
        n integer, institution text, message text, person text, scheme text, day date, today date, stay boolean,
        encounter bigint, batch text)
    LEFT JOIN settlement_encounter e ON e.id = q.encounter
    CROSS JOIN LATERAL (
        SELECT coalesce(q.day, CASE
            WHEN q.stay THEN coalesce((e.end_at AT TIME ZONE 'Asia/Shanghai')::date, q.today)
            ELSE (e.begin_at AT TIME ZONE 'Asia/Shanghai')::date END, q.today) AS day
    ) AS s
    -- OFFSET 0 keeps the planner from calling the function once for every mention of its result.
    CROSS JOIN LATERAL (SELECT registry_person_snapshot(q.person, q.scheme, s.day) AS person OFFSET 0) AS p;
END $$;
"""

SNAPSHOT_UNDO = """
DROP FUNCTION settlement_snapshots(json);
DROP FUNCTION settlement_line_sums(date, bigint, text);
DROP FUNCTION settlement_accumulators_snapshot(bigint, text, text[]);
"""

WRITE = r"""
-- Counters plus a delta; counters that become zero leave the object, so that a reversal restores the very same value.
CREATE FUNCTION settlement_add(p_values jsonb, p_delta jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_object_agg(key, total), '{}') FROM (
        SELECT key, sum(value::bigint) AS total
        FROM (SELECT * FROM jsonb_each_text(p_values) UNION ALL SELECT * FROM jsonb_each_text(p_delta)) AS pairs
        GROUP BY key HAVING sum(value::bigint) <> 0) AS sums
$$;

-- Lock the encounters of a write and leave out the jobs whose encounter, lines or settlement are no longer as they were read.
CREATE FUNCTION settlement_lock_visits(p_jobs json, p_ok bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
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
    -- The encounter is locked: nobody adds, withdraws, settles or frees its lines any more.
    SELECT array_agg(j.sid) INTO v_bad
    FROM json_to_recordset(p_jobs) AS j(
        sid bigint, encounter bigint, action text, month date, batch text, sums jsonb, original bigint, keep boolean)
    WHERE j.sid = ANY (v_ok) AND CASE
        WHEN j.action = 'settle' THEN settlement_line_sums(j.month, j.encounter, j.batch) <> j.sums
        WHEN j.action = 'restore' AND NOT j.keep
            THEN settlement_line_sums(j.month, j.encounter, j.batch) - 'count' <> j.sums
        WHEN j.action = 'revoke' THEN EXISTS (
            SELECT 1 FROM settlement_settlement o WHERE o.reversal_of_id = j.original)
        ELSE false END;
    v_ok := ARRAY(SELECT unnest(v_ok) EXCEPT SELECT unnest(v_bad));
    RETURN v_ok;
END $$;

-- Write decided settlements, revocations and restorations, each wholly or not at all; one call is one commit.
--
-- Every job has a settlement id (sid) of its own; its journal has the same id. A job whose snapshot is stale ("again") or
-- whose business day was closed meanwhile ("closed") is left out, the others are not touched by that.
-- Locks, always in this order, inside a table by its key: area (advisory, shared), counters, personal accounts, encounters,
-- receipts. Whoever else locks several of these keeps to the same order.
CREATE FUNCTION settlement_write(
    p_jobs json, p_counters json, p_accounts json, p_receipts json, p_encounters json, p_lines json, p_settlements json,
    p_payments json, p_journals json, p_entries json, p_answers bytea[]
) RETURNS TABLE (sid bigint, outcome text) LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off AS $$
#variable_conflict use_column
DECLARE
    v_jobs bigint[];
    v_ok bigint[];
    v_bad bigint[];
    v_closed bigint[] := '{}';
    v_area text;
    v_through date;
    v_all boolean;
    v_visits boolean;
    v_fresh boolean;
BEGIN
    SELECT array_agg(j.sid), bool_or(j.action <> 'purchase'), bool_or(j.fresh) INTO v_jobs, v_visits, v_fresh
    FROM json_to_recordset(p_jobs) AS j(sid bigint, action text, fresh boolean);
    v_ok := v_jobs;
    FOR v_area IN SELECT DISTINCT j.area FROM json_to_recordset(p_jobs) AS j(area text) ORDER BY 1 LOOP
        v_through := ledger_hold_open(v_area);
        IF v_through IS NOT NULL THEN
            v_closed := v_closed || ARRAY(
                SELECT j.sid FROM json_to_recordset(p_jobs) AS j(sid bigint, area text, business_date date)
                WHERE j.area = v_area AND j.business_date <= v_through);
        END IF;
    END LOOP;
    IF v_closed <> '{}' THEN
        v_ok := ARRAY(SELECT unnest(v_ok) EXCEPT SELECT unnest(v_closed));
    END IF;

    -- Rows that do not exist yet are made before any is locked: whoever waits here for another's row holds none himself.
    IF v_fresh THEN
        INSERT INTO settlement_accumulators (person_id, scheme, period, values, version)
        SELECT c.person_id, c.scheme, c.period, '{}', 0
        FROM json_to_recordset(p_counters) AS c(person_id bigint, scheme text, period text, version bigint)
        WHERE c.version = 0
        ORDER BY c.person_id, c.scheme, c.period
        ON CONFLICT DO NOTHING;
    END IF;
    WITH locked AS (
        SELECT c.sid, c.version AS expected, a.version
        FROM json_to_recordset(p_counters) AS c(sid bigint, person_id bigint, scheme text, period text, version bigint)
        JOIN settlement_accumulators a
            ON a.person_id = c.person_id AND a.scheme = c.scheme AND a.period = c.period
        ORDER BY a.person_id, a.scheme, a.period
        FOR UPDATE OF a
    )
    SELECT array_agg(l.sid) INTO v_bad FROM locked l WHERE l.expected <> l.version;
    IF v_bad IS NOT NULL THEN
        v_ok := ARRAY(SELECT unnest(v_ok) EXCEPT SELECT unnest(v_bad));
    END IF;

    IF json_array_length(p_accounts) > 0 THEN
        WITH locked AS (
            SELECT c.sid, c.version AS expected, c.change, a.version, a.balance
            FROM json_to_recordset(p_accounts) AS c(sid bigint, id bigint, version bigint, change bigint)
            JOIN accounts_account a ON a.id = c.id
            ORDER BY a.id
            FOR UPDATE OF a
        )
        SELECT array_agg(l.sid) INTO v_bad FROM locked l WHERE l.expected <> l.version OR l.balance + l.change < 0;
        IF v_bad IS NOT NULL THEN
            v_ok := ARRAY(SELECT unnest(v_ok) EXCEPT SELECT unnest(v_bad));
        END IF;
    END IF;
    IF v_visits THEN
        v_ok := settlement_lock_visits(p_jobs, v_ok);
    END IF;

    WITH taken AS (
        INSERT INTO settlement_receipt (
            institution_code, message_id, transaction, body_hash, answer, subject, received_at, undone_by)
        SELECT r.institution_code, r.message_id, r.transaction, decode(r.body_hash, 'hex'), p_answers[r.answer], r.sid,
               r.received_at, ''
        FROM json_to_recordset(p_receipts) AS r(
            sid bigint, institution_code text, message_id text, transaction text, body_hash text, answer integer,
            received_at timestamptz)
        WHERE r.sid = ANY (v_ok)
        ORDER BY r.institution_code, r.message_id
        ON CONFLICT DO NOTHING
        RETURNING subject
    )
    SELECT coalesce(array_agg(t.subject), '{}') INTO v_ok FROM taken t;
    v_all := cardinality(v_ok) = cardinality(v_jobs);

    INSERT INTO settlement_encounter
    SELECT e.* FROM json_populate_recordset(NULL::settlement_encounter, p_encounters) AS e
    WHERE v_all OR e.id IN (
        SELECT j.encounter FROM json_to_recordset(p_jobs) AS j(sid bigint, encounter bigint) WHERE j.sid = ANY (v_ok));
    IF v_visits THEN
        PERFORM settlement_change_visits(p_jobs, v_ok);
    END IF;
    INSERT INTO settlement_settlement
    SELECT s.* FROM json_populate_recordset(NULL::settlement_settlement, p_settlements) AS s
    WHERE v_all OR s.id = ANY (v_ok);
    INSERT INTO settlement_payment
    SELECT p.* FROM json_populate_recordset(NULL::settlement_payment, p_payments) AS p
    WHERE v_all OR p.settlement_id = ANY (v_ok);
    INSERT INTO settlement_feeline
    SELECT f.* FROM json_populate_recordset(NULL::settlement_feeline, p_lines) AS f
    WHERE v_all OR f.settlement_id = ANY (v_ok);
    IF v_ok <> '{}' THEN
        PERFORM ledger_post(
            CASE WHEN v_all THEN p_journals ELSE (
                SELECT coalesce(json_agg(x), '[]') FROM json_array_elements(p_journals) AS x
                WHERE (x ->> 'id')::bigint = ANY (v_ok)) END,
            CASE WHEN v_all THEN p_entries ELSE (
                SELECT coalesce(json_agg(x), '[]') FROM json_array_elements(p_entries) AS x
                WHERE (x ->> 'journal_id')::bigint = ANY (v_ok)) END);
    END IF;
    UPDATE settlement_accumulators a
    SET values = CASE WHEN c.version IS NULL THEN settlement_add(a.values, c.delta) ELSE c.values END,
        version = a.version + 1
    FROM json_to_recordset(p_counters) AS c(
        sid bigint, person_id bigint, scheme text, period text, version bigint, values jsonb, delta jsonb)
    WHERE a.person_id = c.person_id AND a.scheme = c.scheme AND a.period = c.period AND c.sid = ANY (v_ok);
    IF json_array_length(p_accounts) > 0 THEN
        UPDATE accounts_account a SET balance = a.balance + c.change, version = a.version + 1
        FROM json_to_recordset(p_accounts) AS c(sid bigint, id bigint, change bigint)
        WHERE a.id = c.id AND c.sid = ANY (v_ok);
    END IF;

    -- Check what is deferred here, under this function's planner settings: references, balanced journals.
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    RETURN QUERY SELECT j, CASE WHEN j = ANY (v_ok) THEN 'written' WHEN j = ANY (v_closed) THEN 'closed' ELSE 'again' END
    FROM unnest(v_jobs) AS j;
END $$;

-- Settling takes the lines it read; revoking frees them (those of a purchase stay, nothing else may settle them);
-- restoring takes back the lines of the revoked settlement.
CREATE FUNCTION settlement_change_visits(p_jobs json, v_ok bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE settlement_encounter e
    SET status = j.new_status, med_type = coalesce(nullif(e.med_type, ''), j.med_type, ''), end_at = coalesce(e.end_at, j.end_at)
    FROM json_to_recordset(p_jobs) AS j(
        sid bigint, encounter bigint, action text, new_status text, med_type text, end_at timestamptz)
    WHERE e.id = j.encounter AND j.action <> 'purchase' AND j.sid = ANY (v_ok);
    UPDATE settlement_feeline f
    SET settlement_id = CASE WHEN j.action = 'revoke' THEN NULL ELSE j.sid END
    FROM json_to_recordset(p_jobs) AS j(
        sid bigint, encounter bigint, action text, month date, batch text, original bigint, keep boolean)
    WHERE j.sid = ANY (v_ok) AND f.fee_month = j.month AND f.encounter_id = j.encounter AND CASE
        WHEN j.action = 'settle' OR (j.action = 'restore' AND NOT j.keep)
            THEN f.settlement_id IS NULL AND (j.batch = '' OR f.batch = j.batch)
        WHEN j.action = 'revoke' THEN f.settlement_id = j.original AND NOT j.keep
        WHEN j.action = 'restore' THEN f.settlement_id = j.original
        ELSE false END;
END $$;
"""

WRITE_UNDO = """
DROP FUNCTION settlement_change_visits(json, bigint[]);
DROP FUNCTION settlement_write(json, json, json, json, json, json, json, json, json, json, bytea[]);
DROP FUNCTION settlement_lock_visits(json, bigint[]);
DROP FUNCTION settlement_add(jsonb, jsonb);
"""


class Migration(migrations.Migration):
    """The functions of the hot path."""

    dependencies = [
        ("settlement", "0002_fee_lines"),
        ("ledger", "0002_guards"),
        ("registry", "0003_snapshot_and_history"),
        ("contributions", "0002_entitlement_snapshot"),
        ("accounts", "0002_account_snapshot"),
        ("catalogues", "0002_revision_triggers"),
        ("providers", "0002_revision_triggers"),
    ]

    operations = [
        migrations.RunSQL(SNAPSHOT, SNAPSHOT_UNDO),
        migrations.RunSQL(WRITE, WRITE_UNDO),
    ]
