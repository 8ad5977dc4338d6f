"""Accounts for what a re-run owes insured persons, or they owe it, in areas that have a chart already."""

from django.db import migrations

FORWARD = """
INSERT INTO ledger_account (area, code, name, fund, parent_id, nature, party_kind)
SELECT a.area, n.code, n.name, '', NULL, n.nature, 'person'
FROM (SELECT DISTINCT area FROM ledger_account WHERE code = '2101') AS a,
     (VALUES ('2102', '应付参保人员', 'liability'), ('9003', '个人补退现金备查', 'memo')) AS n (code, name, nature)
ON CONFLICT (area, code) DO NOTHING;
INSERT INTO ledger_account (area, code, name, fund, parent_id, nature, party_kind)
SELECT o.area, '2102.' || o.fund, replace(o.name, '应付定点机构', '应付参保人员'), o.fund, p.id, 'liability', 'person'
FROM ledger_account o JOIN ledger_account p ON p.area = o.area AND p.code = '2102'
WHERE o.code LIKE '2101.%'
ON CONFLICT (area, code) DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
