"""Every statement that changes institutions or agreements sets the revision to a number that was never there before.

The number comes from a sequence, which is not rolled back (see the same migration of ``catalogues``).
"""

from django.db import migrations

TABLES = ("institution", "agreement")

FUNCTION = """
CREATE SEQUENCE providers_revision_number START 2;
CREATE FUNCTION providers_raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO providers_revision (id, number) VALUES (1, nextval('providers_revision_number'))
    ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number;
    RETURN NULL;
END $$;
INSERT INTO providers_revision (id, number) VALUES (1, 1);
"""
FUNCTION_UNDO = """
DROP FUNCTION providers_raise_revision();
DROP SEQUENCE providers_revision_number;
DELETE FROM providers_revision;
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON providers_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION providers_raise_revision()",
        f"DROP TRIGGER raise_revision ON providers_{table}",
    )


class Migration(migrations.Migration):

    dependencies = [("providers", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTION, FUNCTION_UNDO), *(trigger(table) for table in TABLES)]
