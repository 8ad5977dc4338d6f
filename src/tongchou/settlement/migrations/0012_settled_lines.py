"""What was bought is not changed once it is settled; how it is split may be, by a re-run (``resettle.booking``).

The trigger names its columns: an update that sets none of them, as settling and revoking do, does not meet it.
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION settlement_refuse_line_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'fee line % of encounter % is settled (已结算的明细不得修改)', OLD.line_no, OLD.encounter_id
        USING ERRCODE = 'TC015';
END $$;
CREATE TRIGGER bought_kept
    BEFORE UPDATE OF fee_month, encounter_id, line_no, batch, occurred_at, item_code, local_code, charge_type, quantity,
        unit_price, amount, original_line_no ON settlement_feeline
    FOR EACH ROW WHEN (OLD.settlement_id IS NOT NULL) EXECUTE FUNCTION settlement_refuse_line_change();
"""
BACKWARD = """
DROP TRIGGER bought_kept ON settlement_feeline;
DROP FUNCTION settlement_refuse_line_change();
"""


class Migration(migrations.Migration):
    """After the account of the family."""

    dependencies = [("settlement", "0011_family_account")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
