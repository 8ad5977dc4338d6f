"""Personal data at rest, expanding: what stands in the plain columns is encrypted beside them, batch by batch."""

from django.db import migrations

from tongchou.registry import sealing


def fill(apps, editor):
    """Each batch is a transaction of its own."""
    sealing.fill(editor.connection)


class Migration(migrations.Migration):

    atomic = False
    dependencies = [("registry", "0005_sealed_columns"), ("control", "0003_guards")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
