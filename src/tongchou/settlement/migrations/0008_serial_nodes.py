"""Serial nodes are leased in the database; partitions of fee lines are made with the owner's rights, whoever asks."""

from django.db import migrations, models

FORWARD = r"""
-- A node for numbers from the end of its last lease on: leases of a node never overlap, whatever the clocks of the processes
-- say. A holder gets its own node again. No row when all are taken.
CREATE FUNCTION settlement_lease_node(p_holder text, p_now_ms bigint, p_length_ms bigint)
RETURNS TABLE (node smallint, from_ms bigint, until_ms bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
BEGIN
    FOR v_try IN 1..2 LOOP
        RETURN QUERY
            WITH free AS (
                SELECT n.node, n.until_ms FROM settlement_serialnode n
                WHERE n.holder = p_holder OR n.until_ms <= v_now
                ORDER BY n.holder = p_holder DESC, n.until_ms, n.node LIMIT 1 FOR UPDATE SKIP LOCKED)
            UPDATE settlement_serialnode n
            SET holder = p_holder, until_ms = greatest(v_now, p_now_ms, free.until_ms) + p_length_ms
            FROM free WHERE n.node = free.node
            RETURNING n.node, free.until_ms, n.until_ms;
        IF FOUND THEN
            RETURN;
        END IF;
        INSERT INTO settlement_serialnode (node, holder, until_ms)
            SELECT each, '', 0 FROM generate_series(0, 255) AS each ON CONFLICT DO NOTHING;
    END LOOP;
END $$;

-- The application's role may not create tables; through this one function it may, for months alone.
ALTER FUNCTION settlement_ensure_fee_months(date, date) SECURITY DEFINER SET search_path = public, pg_temp;
"""

BACKWARD = r"""
ALTER FUNCTION settlement_ensure_fee_months(date, date) SECURITY INVOKER RESET search_path;
DROP FUNCTION settlement_lease_node(text, bigint, bigint);
"""


class Migration(migrations.Migration):
    """A table of 256 rows, filled at the first lease."""

    dependencies = [("settlement", "0007_resettlement")]

    operations = [
        migrations.CreateModel(
            name="SerialNode",
            fields=[
                ("node", models.SmallIntegerField(primary_key=True, serialize=False, verbose_name="节点号")),
                ("holder", models.CharField(max_length=32, verbose_name="使用进程")),
                ("until_ms", models.BigIntegerField(verbose_name="租用至(毫秒)")),
            ],
            options={
                "verbose_name": "流水号节点",
                "verbose_name_plural": "流水号节点",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("node__gte", 0), ("node__lte", 255)), name="serial_node_range"
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
