"""Accounts of an identity provider, bound to operators. A binding comes by its approved case only, and is only ended."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARD = r"""
CREATE FUNCTION control_identity_checked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.operator_id, OLD.issuer, OLD.subject, OLD.case_id, OLD.bound_at)
           IS DISTINCT FROM (NEW.operator_id, NEW.issuer, NEW.subject, NEW.case_id, NEW.bound_at)
           OR OLD.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'identity %: it is ended, once; anything else is asked for anew', OLD.id USING ERRCODE = 'TC014';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM control_case c JOIN control_operator o ON o.id = NEW.operator_id
        WHERE c.id = NEW.case_id AND c.kind = 'operator.identity' AND c.state = 'done'
          AND c.payload::json ->> 'login' = o.login AND c.payload::json ->> 'issuer' = NEW.issuer
          AND c.payload::json ->> 'subject' = NEW.subject
          AND NOT EXISTS (SELECT FROM control_identity i WHERE i.case_id = c.id)
          AND (SELECT count(*) FROM control_casedecision d WHERE d.case_id = c.id AND d.approved)
              >= (SELECT count(*) FROM control_reviewrule r WHERE r.kind = c.kind AND r.from_amount <= c.amount)
    ) THEN
        RAISE EXCEPTION 'an identity is bound by its approved case only (须经审批)' USING ERRCODE = 'TC014';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON control_identity FOR EACH ROW EXECUTE FUNCTION control_identity_checked();
CREATE TRIGGER immutable BEFORE DELETE OR TRUNCATE ON control_identity
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
SELECT control_trail_watch('control_identity', 'id', '');
"""
BACKWARD = """
SELECT control_trail_unwatch('control_identity');
DROP TRIGGER immutable ON control_identity;
DROP TRIGGER checked ON control_identity;
DROP FUNCTION control_identity_checked();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('control', '0004_sealed'),
    ]

    operations = [
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=200, verbose_name='认证服务地址')),
                ('subject', models.CharField(max_length=200, verbose_name='认证标识')),
                ('bound_at', models.DateTimeField(verbose_name='绑定时间')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='解除时间')),
                ('ended_by', models.CharField(blank=True, max_length=30, verbose_name='解除人')),
                ('end_reason', models.CharField(blank=True, max_length=200, verbose_name='解除理由')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='control.case', verbose_name='审批事项')),
                ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identities', to=settings.AUTH_USER_MODEL, verbose_name='操作员')),
            ],
            options={
                'verbose_name': '统一身份认证绑定',
                'verbose_name_plural': '统一身份认证绑定',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('issuer', 'subject'), name='identity_one_operator_per_subject'), models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('issuer', 'operator'), name='identity_one_subject_per_operator')],
            },
        ),
        migrations.RunSQL(GUARD, BACKWARD),
    ]
