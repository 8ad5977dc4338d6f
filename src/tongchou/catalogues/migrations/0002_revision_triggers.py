"""Every statement that changes the catalogues sets the revision to a number that was never there before.

The number comes from a sequence and not from ``number + 1``: a sequence is not rolled back, so a cache that was filled
inside a transaction that failed can never be taken for the state after it.
"""

from django.db import migrations

TABLES = ("item", "itemterm", "pricelimit", "mapping")

FUNCTION = """
CREATE SEQUENCE catalogues_revision_number START 2;
CREATE FUNCTION catalogues_raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalogues_revision (id, number) VALUES (1, nextval('catalogues_revision_number'))
    ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number;
    RETURN NULL;
END $$;
INSERT INTO catalogues_revision (id, number) VALUES (1, 1);
"""
FUNCTION_UNDO = """
DROP FUNCTION catalogues_raise_revision();
DROP SEQUENCE catalogues_revision_number;
DELETE FROM catalogues_revision;
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalogues_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION catalogues_raise_revision()",
        f"DROP TRIGGER raise_revision ON catalogues_{table}",
    )


class Migration(migrations.Migration):

    dependencies = [("catalogues", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTION, FUNCTION_UNDO), *(trigger(table) for table in TABLES)]
