"""Family accounts (家庭共济): who may pay from whose account, what a settlement reads of that, the trail of each change."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

SNAPSHOT = """
-- The account that a member may pay from on a day, or NULL: one of the member's own scheme before one of another. ``died`` is
-- when the owner died: a settlement refuses by itself.
CREATE FUNCTION accounts_family_snapshot(person_id bigint, scheme text, day date) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
        'account', jsonb_build_object('id', a.id, 'balance', a.balance, 'version', a.version, 'scheme', a.scheme),
        'area', f.area, 'died', p.death_date)
    FROM accounts_familybinding f
    JOIN accounts_account a ON a.person_id = f.owner_id AND a.scheme = f.scheme
    JOIN registry_person p ON p.id = f.owner_id
    WHERE f.member_id = $1 AND f.period @> $3
    ORDER BY f.scheme <> $2, f.scheme LIMIT 1
$$;

-- An account by its id: that of another person which a settlement was paid from.
CREATE FUNCTION accounts_snapshot_by_id(account bigint) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object('id', a.id, 'balance', a.balance, 'version', a.version, 'scheme', a.scheme)
    FROM accounts_account a WHERE a.id = $1
$$;

SELECT control_trail_watch('accounts_familybinding', 'id', 'member_id');
"""

UNDO = """
SELECT control_trail_unwatch('accounts_familybinding');
DROP FUNCTION accounts_snapshot_by_id(bigint);
DROP FUNCTION accounts_family_snapshot(bigint, text, date);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_account_snapshot'),
        ('control', '0003_guards'),
        ('registry', '0006_seal_rows'),
    ]

    operations = [
        migrations.CreateModel(
            name='FamilyBinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=6, verbose_name='账户险种')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('relation', models.CharField(choices=[('spouse', '配偶'), ('parent', '父母'), ('child', '子女'), ('sibling', '兄弟姐妹'), ('grandparent', '祖父母外祖父母'), ('grandchild', '孙子女外孙子女')], max_length=12, verbose_name='与所有人关系')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='共济期间')),
                ('case_id', models.BigIntegerField(null=True, verbose_name='绑定复核编号')),
                ('ended_by', models.BigIntegerField(null=True, verbose_name='解除复核编号')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='family_used', to='registry.person', verbose_name='共济成员')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='family_given', to='registry.person', verbose_name='账户所有人')),
            ],
            options={
                'verbose_name': '家庭共济绑定',
                'verbose_name_plural': '家庭共济绑定',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('member', name='gist_int8_ops'), '='), (django.contrib.postgres.indexes.OpClass('scheme', name='gist_text_ops'), '='), ('period', '&&')], name='family_one_owner'), models.CheckConstraint(condition=models.Q(('owner', models.F('member')), _negated=True), name='family_not_oneself'), models.CheckConstraint(condition=models.Q(('period__isempty', False)), name='family_period_not_empty')],
            },
        ),
        migrations.RunSQL(SNAPSHOT, UNDO),
    ]
