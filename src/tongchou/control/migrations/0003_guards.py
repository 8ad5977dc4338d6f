"""What the database itself refuses: changes of the trail, of frozen cases, of decisions; grants nobody approved.

The trail is a plain table that settlement's one write statement can add to (``control_trail_add``). A trigger gives each
row its number, time and transaction, so that none can be back-dated from a statement. ``control_trail_watch`` makes every
change of a table enter the trail by itself, with before and after.
"""

from django.db import migrations

TRAIL = r"""
CREATE SEQUENCE control_trail_seq;

CREATE TABLE control_trail (
    written_by bigint NOT NULL,
    seq bigint NOT NULL PRIMARY KEY,
    at timestamptz NOT NULL,
    day date NOT NULL,
    area varchar(12) NOT NULL DEFAULT '',
    channel varchar(10) NOT NULL DEFAULT '',
    operator varchar(30) NOT NULL DEFAULT '',
    post varchar(20) NOT NULL DEFAULT '',
    address varchar(45) NOT NULL DEFAULT '',
    action varchar(30) NOT NULL,
    object_kind varchar(40) NOT NULL,
    object_id varchar(60) NOT NULL DEFAULT '',
    person_id bigint,
    case_id bigint,
    before text,
    after text,
    reason varchar(300) NOT NULL DEFAULT ''
);
CREATE INDEX control_trail_person ON control_trail (person_id, seq) WHERE person_id IS NOT NULL;
CREATE INDEX control_trail_at ON control_trail USING brin (at) WITH (pages_per_range = 16);

-- The transaction's number is taken before the sequence's: a row with a smaller number than a sealed one can only belong
-- to a transaction that the sealer has waited for.
CREATE FUNCTION control_trail_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.written_by := pg_current_xact_id()::text::bigint;
    NEW.seq := nextval('control_trail_seq');
    NEW.at := clock_timestamp();
    NEW.day := (NEW.at AT TIME ZONE 'Asia/Shanghai')::date;
    RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE INSERT ON control_trail FOR EACH ROW EXECUTE FUNCTION control_trail_stamp();

CREATE FUNCTION control_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: rows are added, never changed (只能追加)', TG_OP, TG_TABLE_NAME USING ERRCODE = 'TC010';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON control_trail
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON control_trailblock
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON control_trailroot
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();

-- Rows for the trail as a JSON array of objects; for callers that write everything in one statement.
CREATE FUNCTION control_trail_add(p_rows json) RETURNS void LANGUAGE sql AS $$
    INSERT INTO control_trail (area, channel, operator, post, address, action, object_kind, object_id, person_id,
                               case_id, before, after, reason)
    SELECT coalesce(area, ''), coalesce(channel, ''), coalesce(operator, ''), coalesce(post, ''), coalesce(address, ''),
           action, object_kind, coalesce(object_id, ''), person_id, case_id, before, after, coalesce(reason, '')
    FROM json_to_recordset(p_rows) AS r(
        area text, channel text, operator text, post text, address text, action text, object_kind text, object_id text,
        person_id bigint, case_id bigint, before text, after text, reason text)
$$;
"""

WATCH = r"""
CREATE FUNCTION control_trail_one(p_action text, p_kind text, p_id text, p_person bigint, p_before text, p_after text)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO control_trail (area, channel, operator, post, address, action, object_kind, object_id, person_id, case_id,
                               before, after, reason)
    VALUES (coalesce(current_setting('tongchou.area', true), ''),
            coalesce(nullif(current_setting('tongchou.channel', true), ''), 'sql'),
            coalesce(nullif(current_setting('tongchou.operator', true), ''), 'db:' || current_user),
            coalesce(current_setting('tongchou.post', true), ''), coalesce(current_setting('tongchou.address', true), ''),
            p_action, p_kind, p_id, p_person, nullif(current_setting('tongchou.case', true), '')::bigint,
            p_before, p_after, coalesce(current_setting('tongchou.reason', true), ''))
$$;

-- Columns that are secrets or noise; they never enter the trail.
CREATE FUNCTION control_trail_shown(p_row jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT p_row - ARRAY['password', 'factor_cipher', 'factor_last_step', 'id_number_cipher', 'last_login', 'content',
                         'code_hash', 'key_hash']
$$;

-- A statement that touches more rows than this leaves one row in the trail that says how many.
CREATE FUNCTION control_trail_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_most CONSTANT int := 500;
    n bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO n FROM (SELECT FROM added LIMIT v_most + 1) AS probe;
        IF n > v_most THEN
            SELECT count(*) INTO n FROM added;
            PERFORM control_trail_one('load', TG_TABLE_NAME, '', NULL, NULL, json_build_object('rows', n)::text);
        ELSE
            PERFORM control_trail_one('insert', TG_TABLE_NAME, r ->> TG_ARGV[0], (r ->> nullif(TG_ARGV[1], ''))::bigint,
                                      NULL, control_trail_shown(r)::text)
            FROM (SELECT to_jsonb(a) AS r FROM added a) AS rows;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO n FROM (SELECT FROM removed LIMIT v_most + 1) AS probe;
        IF n > v_most THEN
            SELECT count(*) INTO n FROM removed;
            PERFORM control_trail_one('delete', TG_TABLE_NAME, '', NULL, json_build_object('rows', n)::text, NULL);
        ELSE
            PERFORM control_trail_one('delete', TG_TABLE_NAME, r ->> TG_ARGV[0], (r ->> nullif(TG_ARGV[1], ''))::bigint,
                                      control_trail_shown(r)::text, NULL)
            FROM (SELECT to_jsonb(d) AS r FROM removed d) AS rows;
        END IF;
    ELSE
        SELECT count(*) INTO n FROM (SELECT FROM added LIMIT v_most + 1) AS probe;
        IF n > v_most THEN
            SELECT count(*) INTO n FROM added;
            PERFORM control_trail_one('update', TG_TABLE_NAME, '', NULL, NULL, json_build_object('rows', n)::text);
        ELSE
            PERFORM control_trail_one('update', TG_TABLE_NAME, o ->> TG_ARGV[0], (o ->> nullif(TG_ARGV[1], ''))::bigint,
                                      c.was::text, c.now::text)
            FROM (SELECT control_trail_shown(to_jsonb(r)) AS o FROM removed r) AS r
            JOIN (SELECT control_trail_shown(to_jsonb(a)) AS w FROM added a) AS a
              ON a.w ->> TG_ARGV[0] = r.o ->> TG_ARGV[0]
            CROSS JOIN LATERAL (
                SELECT jsonb_object_agg(e.key, e.value) AS was, jsonb_object_agg(e.key, w -> e.key) AS now
                FROM jsonb_each(o) e WHERE e.value IS DISTINCT FROM w -> e.key) AS c
            WHERE c.was IS NOT NULL;
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- From now on every change of this table enters the trail. Columns: the row's id, and the insured person's id or ''.
CREATE FUNCTION control_trail_watch(p_table regclass, p_id text, p_person text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER trail_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION control_trail_changes(%L, %L)', p_table, p_id, p_person);
    EXECUTE format('CREATE TRIGGER trail_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS removed NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION control_trail_changes(%L, %L)', p_table, p_id, p_person);
    EXECUTE format('CREATE TRIGGER trail_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION control_trail_changes(%L, %L)', p_table, p_id, p_person);
END $$;
CREATE FUNCTION control_trail_unwatch(p_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TRIGGER trail_insert ON %s', p_table);
    EXECUTE format('DROP TRIGGER trail_update ON %s', p_table);
    EXECUTE format('DROP TRIGGER trail_delete ON %s', p_table);
END $$;
"""

WATCHED = ["operator", "organisation", "post", "postfunction", "separationrule", "grant", "grantreview", "reviewrule", "case", "casedecision", "inspection", "inspectionitem", "blindentry", "parameter", "parametervalue", "calendarday", "codeset"]

CASES = r"""
CREATE FUNCTION control_case_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'case % is not deleted: it is withdrawn or returned', OLD.id USING ERRCODE = 'TC011';
    END IF;
    IF (OLD.kind, OLD.subject, OLD.subject_person, OLD.area, OLD.amount, OLD.payload, OLD.payload_hash, OLD.maker_id,
        OLD.maker_person, OLD.made_at, OLD.deadline)
       IS DISTINCT FROM
       (NEW.kind, NEW.subject, NEW.subject_person, NEW.area, NEW.amount, NEW.payload, NEW.payload_hash, NEW.maker_id,
        NEW.maker_person, NEW.made_at, NEW.deadline) THEN
        RAISE EXCEPTION 'case % is frozen since it was handed in (内容已冻结)', OLD.id USING ERRCODE = 'TC011';
    END IF;
    IF OLD.state <> 'pending' AND OLD.state <> NEW.state THEN
        RAISE EXCEPTION 'case % is resolved once (只能办结一次)', OLD.id USING ERRCODE = 'TC011';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON control_case FOR EACH ROW EXECUTE FUNCTION control_case_frozen();

CREATE FUNCTION control_case_decision_checked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    c control_case;
BEGIN
    SELECT * INTO c FROM control_case WHERE id = NEW.case_id;
    IF c.maker_id = NEW.operator_id OR c.maker_person = NEW.person OR c.subject_person = NEW.person THEN
        RAISE EXCEPTION 'case %: the maker, or whom it concerns, does not decide (经办人不得复核)', c.id USING ERRCODE = 'TC012';
    END IF;
    IF c.payload_hash <> NEW.payload_hash OR c.state <> 'pending' OR c.step <> NEW.step THEN
        RAISE EXCEPTION 'case %: not what was handed in, or resolved, or another step', c.id USING ERRCODE = 'TC012';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checked BEFORE INSERT ON control_casedecision
    FOR EACH ROW EXECUTE FUNCTION control_case_decision_checked();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON control_casedecision
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON control_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
"""

GRANTS = r"""
CREATE FUNCTION control_grant_checked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_other text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.operator_id, OLD.post_id, OLD.area, OLD.organisation_id, OLD.since, OLD.case_id, OLD.installation)
           IS DISTINCT FROM
           (NEW.operator_id, NEW.post_id, NEW.area, NEW.organisation_id, NEW.since, NEW.case_id, NEW.installation)
           OR NEW.until > OLD.until OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at) THEN
            RAISE EXCEPTION 'grant %: it is ended or shortened, anything else is asked for anew', OLD.id USING ERRCODE = 'TC013';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT NEW.installation AND NOT EXISTS (
        SELECT FROM control_case c
        JOIN control_operator o ON o.id = NEW.operator_id
        JOIN control_post p ON p.id = NEW.post_id
        WHERE c.id = NEW.case_id AND c.kind = 'rights.grant' AND c.state = 'done'
          AND c.payload::json ->> 'login' = o.login AND c.payload::json ->> 'post' = p.code
          AND c.payload::json ->> 'area' = NEW.area AND c.payload::json ->> 'until' = NEW.until::text
          AND NOT EXISTS (SELECT FROM control_grant g WHERE g.case_id = c.id)
          AND (SELECT count(*) FROM control_casedecision d WHERE d.case_id = c.id AND d.approved)
              >= (SELECT count(*) FROM control_reviewrule r WHERE r.kind = c.kind AND r.from_amount <= c.amount)
    ) THEN
        RAISE EXCEPTION 'a grant comes into force by its approved case only (须经审批)' USING ERRCODE = 'TC013';
    END IF;
    SELECT p2.name INTO v_other
    FROM control_grant g
    JOIN control_operator o1 ON o1.id = NEW.operator_id
    JOIN control_operator o2 ON o2.id = g.operator_id AND (o2.id = o1.id OR (o2.person <> '' AND o2.person = o1.person))
    JOIN control_post p1 ON p1.id = NEW.post_id
    JOIN control_post p2 ON p2.id = g.post_id
    JOIN control_separationrule r
      ON (r.one = p1.category AND r.other = p2.category) OR (r.one = p2.category AND r.other = p1.category)
    WHERE g.ended_at IS NULL AND g.id <> NEW.id AND g.since < NEW.until AND NEW.since < g.until
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a post that excludes this one is held: % (不相容岗位)', v_other USING ERRCODE = 'TC014';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON control_grant FOR EACH ROW EXECUTE FUNCTION control_grant_checked();
"""

BACKWARD = "".join(f"SELECT control_trail_unwatch('control_{name}');\n" for name in WATCHED) + r"""
DROP TRIGGER checked ON control_grant;
DROP FUNCTION control_grant_checked();
DROP TRIGGER immutable ON control_attachment;
DROP TRIGGER immutable ON control_casedecision;
DROP TRIGGER checked ON control_casedecision;
DROP FUNCTION control_case_decision_checked();
DROP TRIGGER frozen ON control_case;
DROP FUNCTION control_case_frozen();
DROP FUNCTION control_trail_unwatch(regclass);
DROP FUNCTION control_trail_watch(regclass, text, text);
DROP FUNCTION control_trail_changes();
DROP FUNCTION control_trail_shown(jsonb);
DROP FUNCTION control_trail_one(text, text, text, bigint, text, text);
DROP FUNCTION control_trail_add(json);
DROP TRIGGER immutable ON control_trailroot;
DROP TRIGGER immutable ON control_trailblock;
DROP TABLE control_trail;
DROP FUNCTION control_refuse_change();
DROP FUNCTION control_trail_stamp();
DROP SEQUENCE control_trail_seq;
"""


class Migration(migrations.Migration):

    dependencies = [("control", "0002_control_tables")]

    operations = [
        migrations.RunSQL(
            TRAIL + WATCH + CASES + GRANTS
            + "".join(f"SELECT control_trail_watch('control_{name}', 'id', '');\n" for name in WATCHED),
            BACKWARD,
        ),
    ]
