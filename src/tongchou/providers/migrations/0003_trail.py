"""Every change of institutions and agreements enters the audit trail by itself, whoever writes."""

from django.db import migrations

WATCHED = (
    ("institution", ""),
    ("agreement", ""),
)
"""Table, and its column that names the insured person or nothing."""

FORWARD = "".join(f"SELECT control_trail_watch('providers_{table}', 'id', '{person}');\n" for table, person in WATCHED)
BACKWARD = "".join(f"SELECT control_trail_unwatch('providers_{table}');\n" for table, _ in WATCHED)


class Migration(migrations.Migration):

    dependencies = [("providers", "0002_revision_triggers"), ("control", "0003_guards")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
