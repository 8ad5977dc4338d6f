"""Receipts by time, for retention: a block-range index, which costs the hot path next to nothing."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("settlement", "0008_serial_nodes")]

    operations = [
        migrations.AddIndex(
            model_name="receipt",
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["received_at"], name="receipt_time"),
        ),
    ]
