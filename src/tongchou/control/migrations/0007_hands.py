"""In which post a case was made and decided; cases that are decided in order only; grants that are what was approved."""

import django.db.models.deletion
from django.db import migrations, models

CASES = r"""
CREATE OR REPLACE FUNCTION control_case_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'case % is not deleted: it is withdrawn or returned', OLD.id USING ERRCODE = 'TC011';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'pending' THEN
            RAISE EXCEPTION 'a case begins as one that waits (须经复核)' USING ERRCODE = 'TC011';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.kind, OLD.title, OLD.reason, OLD.subject, OLD.subject_person, OLD.area, OLD.amount, OLD.payload,
        OLD.payload_hash, OLD.maker_id, OLD.maker_person, OLD.maker_post, OLD.made_at, OLD.deadline)
       IS DISTINCT FROM
       (NEW.kind, NEW.title, NEW.reason, NEW.subject, NEW.subject_person, NEW.area, NEW.amount, NEW.payload,
        NEW.payload_hash, NEW.maker_id, NEW.maker_person, NEW.maker_post, NEW.made_at, NEW.deadline) THEN
        RAISE EXCEPTION 'case % is frozen since it was handed in (内容已冻结)', OLD.id USING ERRCODE = 'TC011';
    END IF;
    IF OLD.state <> 'pending' AND (OLD.state, OLD.step) IS DISTINCT FROM (NEW.state, NEW.step) THEN
        RAISE EXCEPTION 'case % is resolved once (只能办结一次)', OLD.id USING ERRCODE = 'TC011';
    END IF;
    -- No step is left out, nothing is resolved without the word of somebody who may give it.
    IF (NEW.state = 'done' AND OLD.state <> 'done') OR NEW.step <> OLD.step THEN
        IF NEW.step < OLD.step OR NOT EXISTS (
            SELECT FROM control_casedecision d WHERE d.case_id = OLD.id AND d.step = OLD.step AND d.approved
        ) THEN
            RAISE EXCEPTION 'case %: its step was not approved (须经复核)', OLD.id USING ERRCODE = 'TC011';
        END IF;
    ELSIF NEW.state = 'returned' AND OLD.state <> 'returned' AND NOT EXISTS (
        SELECT FROM control_casedecision d WHERE d.case_id = OLD.id AND d.step = OLD.step AND NOT d.approved
    ) THEN
        RAISE EXCEPTION 'case %: nobody returned it (须经复核)', OLD.id USING ERRCODE = 'TC011';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER frozen ON control_case;
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON control_case
    FOR EACH ROW EXECUTE FUNCTION control_case_frozen();
"""

GRANTS = r"""
CREATE OR REPLACE FUNCTION control_grant_checked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_other text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.operator_id, OLD.post_id, OLD.area, OLD.organisation_id, OLD.since, OLD.case_id, OLD.installation,
            OLD.deputy_for_id)
           IS DISTINCT FROM
           (NEW.operator_id, NEW.post_id, NEW.area, NEW.organisation_id, NEW.since, NEW.case_id, NEW.installation,
            NEW.deputy_for_id)
           OR NEW.until > OLD.until OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at) THEN
            RAISE EXCEPTION 'grant %: it is ended or shortened, anything else is asked for anew', OLD.id USING ERRCODE = 'TC013';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT NEW.installation AND NOT EXISTS (
        SELECT FROM control_case c
        JOIN control_operator o ON o.id = NEW.operator_id
        JOIN control_post p ON p.id = NEW.post_id
        LEFT JOIN control_organisation n ON n.id = NEW.organisation_id
        WHERE c.id = NEW.case_id AND c.kind = 'rights.grant' AND c.state = 'done'
          AND c.payload::json ->> 'login' = o.login AND c.payload::json ->> 'post' = p.code
          AND c.payload::json ->> 'area' = NEW.area AND c.payload::json ->> 'until' = NEW.until::text
          AND (c.payload::json ->> 'since')::date <= NEW.since
          AND coalesce(c.payload::json ->> 'organisation', '') = coalesce(n.code, '')
          AND (c.payload::json ->> 'deputy_for')::bigint IS NOT DISTINCT FROM NEW.deputy_for_id
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
"""


class Migration(migrations.Migration):

    dependencies = [("control", "0006_organisations")]

    operations = [
        migrations.AddField("case", "maker_post", models.CharField("经办岗位", max_length=20, blank=True, default="", db_default="")),
        migrations.AddField("casedecision", "post", models.CharField("复核岗位", max_length=20, blank=True, default="", db_default="")),
        migrations.AddField("blindentry", "area", models.CharField("区划", max_length=12, blank=True, default="", db_default="")),
        migrations.AddField("organisationversion", "taken_up", models.BooleanField("已生效", default=True, db_default=True)),
        migrations.AddField(
            "worksession",
            "identity",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="control.identity",
                verbose_name="统一身份认证",
            ),
        ),
        migrations.AddField(
            "worksession",
            "provider_session",
            models.CharField("认证服务的会话", max_length=255, blank=True, default="", db_default=""),
        ),
        migrations.RunSQL(CASES + GRANTS, migrations.RunSQL.noop),
    ]
