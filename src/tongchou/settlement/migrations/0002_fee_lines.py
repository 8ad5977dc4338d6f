"""Fee lines, partitioned by month, and the function that creates months ahead."""

from django.db import migrations, models

FORWARD = r"""
CREATE TABLE settlement_feeline (
    fee_month date NOT NULL,
    encounter_id bigint NOT NULL,
    line_no bigint NOT NULL,
    batch varchar(30) NOT NULL DEFAULT '',
    occurred_at timestamptz NOT NULL,
    item_code varchar(50) NOT NULL,
    local_code varchar(150) NOT NULL,
    item_class varchar(3) NOT NULL,
    charge_type varchar(6) NOT NULL,
    quantity bigint NOT NULL,
    unit_price bigint NOT NULL,
    amount bigint NOT NULL,
    price_limit bigint,
    prior_self_pay_ratio integer NOT NULL DEFAULT 0,
    out_of_scope bigint NOT NULL,
    over_limit bigint NOT NULL,
    prior_self_pay bigint NOT NULL,
    in_scope bigint NOT NULL,
    original_line_no bigint,
    settlement_id bigint,
    details jsonb,
    CONSTRAINT feeline_key PRIMARY KEY (fee_month, encounter_id, line_no),
    CONSTRAINT feeline_split CHECK (amount = out_of_scope + over_limit + prior_self_pay + in_scope),
    CONSTRAINT feeline_month CHECK (extract(day FROM fee_month) = 1)
) PARTITION BY RANGE (fee_month);

CREATE TABLE settlement_feeline_default PARTITION OF settlement_feeline DEFAULT;

-- Create the partitions of the months from … to (both included); what the default partition took meanwhile moves over.
-- Returns how many were created.
CREATE FUNCTION settlement_ensure_fee_months(p_from date, p_to date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_month date := date_trunc('month', p_from)::date;
    v_next date;
    v_name text;
    v_created integer := 0;
BEGIN
    WHILE v_month <= p_to LOOP
        v_next := (v_month + interval '1 month')::date;
        v_name := 'settlement_feeline_' || to_char(v_month, 'YYYY_MM');
        IF to_regclass(v_name) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('tongchou.settlement.fee_months', 0));
            IF to_regclass(v_name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE settlement_feeline INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_name);
                EXECUTE format(
                    'WITH moved AS (DELETE FROM settlement_feeline_default WHERE fee_month = %L RETURNING *) '
                    'INSERT INTO %I SELECT * FROM moved', v_month, v_name);
                EXECUTE format(
                    'ALTER TABLE settlement_feeline ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, v_month, v_next);
                v_created := v_created + 1;
            END IF;
        END IF;
        v_month := v_next;
    END LOOP;
    RETURN v_created;
END $$;

-- Every settlement updates its person's counters: leave room in the page, so that no index has to follow.
ALTER TABLE settlement_accumulators SET (fillfactor = 70);

SELECT settlement_ensure_fee_months((current_date - interval '3 months')::date, (current_date + interval '3 months')::date);
"""

BACKWARD = r"""
ALTER TABLE settlement_accumulators RESET (fillfactor);
DROP FUNCTION settlement_ensure_fee_months(date, date);
DROP TABLE settlement_feeline;
"""


class Migration(migrations.Migration):
    """The partitioned table behind the unmanaged model FeeLine."""

    dependencies = [("settlement", "0001_initial"), ("ledger", "0002_guards")]

    operations = [
        # The composite primary key begins with the settlement already.
        migrations.AlterField(
            model_name="payment",
            name="settlement",
            field=models.ForeignKey(
                db_index=False, on_delete=models.PROTECT, to="settlement.settlement", verbose_name="结算"
            ),
        ),
        # encounter_person begins with the person; the encounter's foreign key vouches for the settlement's person.
        migrations.AlterField(
            model_name="encounter",
            name="person",
            field=models.ForeignKey(
                db_index=False, on_delete=models.PROTECT, to="registry.person", verbose_name="参保人员"
            ),
        ),
        migrations.AlterField(
            model_name="settlement",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=models.PROTECT,
                to="registry.person",
                verbose_name="参保人员",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
