"""Personal data at rest, contracting: what the older version still entered is encrypted, then the plain columns go.

There is no way back but the backup (docs/operations/upgrade.md).
"""

from importlib import import_module

from django.db import migrations

from tongchou.registry import sealing

SNAPSHOT = import_module("tongchou.registry.migrations.0005_sealed_columns").SNAPSHOT.replace(
    "coalesce(p.cert_no, 'sealed:' || encode(p.cert_no_cipher, 'base64'))",
    "'sealed:' || encode(p.cert_no_cipher, 'base64')",
)
PLAIN = """
ALTER TABLE registry_person ALTER COLUMN cert_no_cipher SET NOT NULL, ALTER COLUMN cert_no_hash SET NOT NULL,
    DROP COLUMN cert_no, DROP COLUMN phone, DROP COLUMN address;
ALTER TABLE registry_card ALTER COLUMN number_cipher SET NOT NULL, ALTER COLUMN number_hash SET NOT NULL, DROP COLUMN number;
ALTER TABLE registry_household DROP COLUMN address;
"""


def fill(apps, editor):
    """The rows and their history; the history is unlocked for this once."""
    sealing.fill(editor.connection)
    editor.execute("ALTER TABLE registry_change DISABLE TRIGGER immutable")
    sealing.fill_history(editor.connection)
    editor.execute("ALTER TABLE registry_change ENABLE TRIGGER immutable")


class Migration(migrations.Migration):

    phase = "contract"
    dependencies = [("registry", "0006_seal_rows")]
    operations = [migrations.RunPython(fill), migrations.RunSQL(SNAPSHOT), migrations.RunSQL(PLAIN)]
