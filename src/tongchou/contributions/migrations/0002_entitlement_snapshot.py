"""The entitlement snapshot for settlement. ``until`` is the first day no longer covered, null without end."""

from django.db import migrations

SNAPSHOT = """
CREATE FUNCTION contributions_entitlement_snapshot(person_id bigint, scheme text, day date) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
        'from', lower(e.period), 'until', upper(e.period), 'continuous_since', e.continuous_since)
    FROM contributions_entitlement e
    WHERE e.person_id = $1 AND e.scheme = $2 AND e.period @> $3
$$;
"""


class Migration(migrations.Migration):

    dependencies = [("contributions", "0001_initial")]

    operations = [
        migrations.RunSQL(SNAPSHOT, "DROP FUNCTION contributions_entitlement_snapshot(bigint, text, date)"),
    ]
