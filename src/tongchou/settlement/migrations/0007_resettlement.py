"""Re-run: a run, its persons, which settlement took the place of which."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = r"""
-- The first settlement of what was settled once for an institution: restored and re-run ones keep its visit and message.
CREATE FUNCTION settlement_root(p_id bigint) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT o.id FROM settlement_settlement s
    JOIN settlement_settlement m ON m.id = coalesce(s.reversal_of_id, s.id)
    JOIN settlement_settlement o
        ON o.encounter_id = m.encounter_id AND o.message_id = m.message_id AND o.direction = 1
    WHERE s.id = p_id ORDER BY o.id LIMIT 1
$$;

-- The settlement that re-runs have put in a settlement's place, or itself.
CREATE FUNCTION settlement_latest(p_id bigint) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE chain (id, depth) AS (
        SELECT p_id, 0
        UNION ALL
        SELECT r.successor_id, c.depth + 1 FROM settlement_replacement r JOIN chain c ON r.original_id = c.id
    )
    SELECT id FROM chain ORDER BY depth DESC LIMIT 1
$$;

-- What the centre makes again after review stands in the trail under its case, who carried it out and why.
CREATE OR REPLACE FUNCTION settlement_to_trail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_case bigint := nullif(current_setting('tongchou.case', true), '')::bigint;
BEGIN
    INSERT INTO control_trail (area, channel, operator, post, address, action, object_kind, object_id, person_id, case_id,
                               after, reason)
    SELECT s.area, CASE WHEN v_case IS NULL THEN 'gateway' ELSE current_setting('tongchou.channel', true) END,
           CASE WHEN v_case IS NULL THEN s.institution_code ELSE current_setting('tongchou.operator', true) END,
           CASE WHEN v_case IS NULL THEN '' ELSE current_setting('tongchou.post', true) END,
           CASE WHEN v_case IS NULL THEN '' ELSE current_setting('tongchou.address', true) END,
           CASE WHEN s.direction > 0 THEN 'settle' ELSE 'revoke' END, 'settlement', s.id::text, s.person_id, v_case,
           settlement_in_one_line(s),
           CASE WHEN v_case IS NULL THEN '' ELSE current_setting('tongchou.reason', true) END
    FROM added s;
    RETURN NULL;
END $$;

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_replacement
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();

-- What was tried is sealed: afterwards a person of a run only becomes booked or stale.
CREATE FUNCTION settlement_keep_trial() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting' AND (NEW.proposal, NEW.digest, NEW.person_id, NEW.run_id)
            IS DISTINCT FROM (OLD.proposal, OLD.digest, OLD.person_id, OLD.run_id) THEN
        RAISE EXCEPTION 'the trial of a re-run is not changed: make a new one' USING ERRCODE = 'TC001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_trial BEFORE UPDATE ON settlement_resettledperson
    FOR EACH ROW EXECUTE FUNCTION settlement_keep_trial();
"""

BACKWARD = r"""
DROP TRIGGER keep_trial ON settlement_resettledperson;
DROP FUNCTION settlement_keep_trial();
DROP TRIGGER immutable ON settlement_replacement;
CREATE OR REPLACE FUNCTION settlement_to_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO control_trail (area, channel, operator, action, object_kind, object_id, person_id, after)
    SELECT s.area, 'gateway', s.institution_code, CASE WHEN s.direction > 0 THEN 'settle' ELSE 'revoke' END, 'settlement',
           s.id::text, s.person_id, settlement_in_one_line(s)
    FROM added s;
    RETURN NULL;
END $$;
DROP FUNCTION settlement_latest(bigint);
DROP FUNCTION settlement_root(bigint);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0006_sealed_contact'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Resettlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('kind', models.CharField(choices=[('person', '单人'), ('policy', '政策版本涉及人员'), ('list', '名单')], max_length=10, verbose_name='方式')),
                ('scheme', models.CharField(blank=True, max_length=6, verbose_name='险种')),
                ('begin', models.DateField(verbose_name='服务日期起')),
                ('end', models.DateField(verbose_name='服务日期止')),
                ('facts', models.BooleanField(default=True, verbose_name='按现有参保身份')),
                ('policy', models.BooleanField(default=True, verbose_name='按现有政策版本')),
                ('reason', models.CharField(max_length=300, verbose_name='原因')),
                ('state', models.CharField(choices=[('trying', '试算中'), ('tried', '已试算'), ('submitted', '待复核'), ('booking', '入账中'), ('booked', '已入账'), ('dropped', '已作废')], default='trying', max_length=10, verbose_name='状态')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='结果摘要')),
                ('totals', models.JSONField(default=dict, verbose_name='合计')),
                ('case_id', models.BigIntegerField(null=True, verbose_name='复核编号')),
                ('made_at', models.DateTimeField(verbose_name='建立时间')),
                ('tried_at', models.DateTimeField(null=True, verbose_name='试算完成时间')),
                ('booked_at', models.DateTimeField(null=True, verbose_name='入账完成时间')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL, verbose_name='经办人')),
            ],
            options={
                'verbose_name': '重新结算',
                'verbose_name_plural': '重新结算',
            },
        ),
        migrations.CreateModel(
            name='ResettledPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', '待试算'), ('same', '无变化'), ('differs', '有变化'), ('booked', '已入账'), ('stale', '情况已变，未入账')], default='waiting', max_length=10, verbose_name='状态')),
                ('proposal', models.JSONField(default=dict, verbose_name='试算结果')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='结果摘要')),
                ('changed', models.IntegerField(default=0, verbose_name='变化笔数')),
                ('refused', models.IntegerField(default=0, verbose_name='不能重新结算笔数')),
                ('fund', models.BigIntegerField(default=0, verbose_name='基金支付变化(分)')),
                ('account', models.BigIntegerField(default=0, verbose_name='个人账户支付变化(分)')),
                ('cash', models.BigIntegerField(default=0, verbose_name='个人现金变化(分)')),
                ('booked_at', models.DateTimeField(null=True, verbose_name='入账时间')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='persons', to='settlement.resettlement', verbose_name='重新结算')),
            ],
            options={
                'verbose_name': '重新结算人员',
                'verbose_name_plural': '重新结算人员',
            },
        ),
        migrations.CreateModel(
            name='Replacement',
            fields=[
                ('original', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='replacement', serialize=False, to='settlement.settlement', verbose_name='原结算')),
                ('case_id', models.BigIntegerField(verbose_name='复核编号')),
                ('causes', models.JSONField(default=list, verbose_name='原因')),
                ('former', models.JSONField(default=list, verbose_name='原明细划分')),
                ('made_at', models.DateTimeField(verbose_name='入账时间')),
                ('reversal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='replacement_reversal', to='settlement.settlement', verbose_name='冲正结算')),
                ('successor', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='settlement.settlement', verbose_name='新结算')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='settlement.resettlement', verbose_name='重新结算')),
            ],
            options={
                'verbose_name': '结算替换',
                'verbose_name_plural': '结算替换',
            },
        ),
        migrations.AddIndex(
            model_name='resettlement',
            index=models.Index(fields=['area', '-made_at'], name='resettlement_area'),
        ),
        migrations.AddConstraint(
            model_name='resettledperson',
            constraint=models.UniqueConstraint(fields=('run', 'person'), name='resettled_person_once'),
        ),
        migrations.AddConstraint(
            model_name='replacement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('original', models.F('successor')), _negated=True), models.Q(('original', models.F('reversal')), _negated=True)), name='replacement_of_another'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
