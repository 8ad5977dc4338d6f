"""Every change of entitlements enters the audit trail by itself, whoever writes."""

from django.db import migrations

WATCHED = (
    ("entitlement", "person_id"),
)
"""Table, and its column that names the insured person or nothing."""

FORWARD = "".join(f"SELECT control_trail_watch('contributions_{table}', 'id', '{person}');\n" for table, person in WATCHED)
BACKWARD = "".join(f"SELECT control_trail_unwatch('contributions_{table}');\n" for table, _ in WATCHED)


class Migration(migrations.Migration):

    dependencies = [("contributions", "0002_entitlement_snapshot"), ("control", "0003_guards")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
