"""Every change of persons, enrolments and what belongs to them enters the audit trail by itself, whoever writes."""

from django.db import migrations

WATCHED = (
    ("person", "id"),
    ("card", "person_id"),
    ("enrolment", "person_id"),
    ("identityclass", "person_id"),
    ("diseasecertificate", "person_id"),
    ("household", ""),
    ("employer", ""),
)
"""Table, and its column that names the insured person or nothing."""

FORWARD = "".join(f"SELECT control_trail_watch('registry_{table}', 'id', '{person}');\n" for table, person in WATCHED)
BACKWARD = "".join(f"SELECT control_trail_unwatch('registry_{table}');\n" for table, _ in WATCHED)


class Migration(migrations.Migration):

    dependencies = [("registry", "0003_snapshot_and_history"), ("control", "0003_guards")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
