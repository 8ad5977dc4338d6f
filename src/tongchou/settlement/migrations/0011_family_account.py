"""Settlements name the family account that was asked for, and their line in the trail does so too.

The column is null for all others: a process of the version before goes on writing, and the line of the trail stays the same.
"""

from django.db import migrations, models

LINE = r"""
CREATE OR REPLACE FUNCTION settlement_in_one_line(s settlement_settlement) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', s.direction, s.reversal_of_id, s.scheme, s.med_type, s.institution_code, s.person_id,
        s.business_date - DATE '2000-01-01', s.total, s.out_of_scope, s.over_limit, s.prior_self_pay, s.in_scope,
        s.deductible, s.fund_pay, s.account_pay, s.cash_pay, s.account_balance, s.package, s.account_id)
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ("settlement", "0010_package_guard"),
        ("accounts", "0003_family"),
    ]

    operations = [
        migrations.AddField(
            model_name="settlement",
            name="account_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="共济账户编号"),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(
                condition=models.Q(("account_id__isnull", False)),
                fields=["account_id", "-settled_at"],
                name="settlement_family",
            ),
        ),
        migrations.RunSQL(LINE, LINE.replace(", s.account_id)", ")")),
    ]
