"""The archived text of a policy package is never changed: old settlements are explained by it."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_policypackage
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [("settlement", "0009_receipt_time"), ("control", "0003_guards")]

    operations = [migrations.RunSQL(FORWARD, "DROP TRIGGER immutable ON settlement_policypackage")]
