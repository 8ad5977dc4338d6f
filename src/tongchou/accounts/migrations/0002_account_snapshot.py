"""The account snapshot for settlement: id, balance in fen, version."""

from django.db import migrations

SNAPSHOT = """
CREATE FUNCTION accounts_snapshot(person_id bigint, scheme text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object('id', a.id, 'balance', a.balance, 'version', a.version)
    FROM accounts_account a
    WHERE a.person_id = $1 AND a.scheme = $2
$$;
"""


class Migration(migrations.Migration):

    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(SNAPSHOT, "DROP FUNCTION accounts_snapshot(bigint, text)")]
