"""Settlements are immutable and leave their row in the audit trail in the very statement that writes them."""

from django.db import migrations

FORWARD = r"""
-- What a settlement decided, as one line of the trail: whoever alters the settlement later must alter the sealed trail too.
CREATE FUNCTION settlement_in_one_line(s settlement_settlement) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', s.direction, s.reversal_of_id, s.scheme, s.med_type, s.institution_code, s.person_id,
        s.business_date - DATE '2000-01-01', s.total, s.out_of_scope, s.over_limit, s.prior_self_pay, s.in_scope,
        s.deductible, s.fund_pay, s.account_pay, s.cash_pay, s.account_balance, s.package)
$$;

CREATE FUNCTION settlement_to_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO control_trail (area, channel, operator, action, object_kind, object_id, person_id, after)
    SELECT s.area, 'gateway', s.institution_code, CASE WHEN s.direction > 0 THEN 'settle' ELSE 'revoke' END, 'settlement',
           s.id::text, s.person_id, settlement_in_one_line(s)
    FROM added s;
    RETURN NULL;
END $$;
CREATE TRIGGER trail_insert AFTER INSERT ON settlement_settlement REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_to_trail();

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_settlement
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_payment
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_change();
"""

BACKWARD = r"""
DROP TRIGGER immutable ON settlement_payment;
DROP TRIGGER immutable ON settlement_settlement;
DROP TRIGGER trail_insert ON settlement_settlement;
DROP FUNCTION settlement_to_trail();
DROP FUNCTION settlement_in_one_line(settlement_settlement);
"""


class Migration(migrations.Migration):

    dependencies = [("settlement", "0003_snapshot_and_write"), ("control", "0003_guards")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
