"""Every change of the catalogues and mappings enters the audit trail by itself, whoever writes."""

from django.db import migrations

WATCHED = (
    ("item", ""),
    ("itemterm", ""),
    ("pricelimit", ""),
    ("mapping", ""),
)
"""Table, and its column that names the insured person or nothing."""

FORWARD = "".join(f"SELECT control_trail_watch('catalogues_{table}', 'id', '{person}');\n" for table, person in WATCHED)
BACKWARD = "".join(f"SELECT control_trail_unwatch('catalogues_{table}');\n" for table, _ in WATCHED)


class Migration(migrations.Migration):

    dependencies = [("catalogues", "0003_mapping_review"), ("control", "0003_guards")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
