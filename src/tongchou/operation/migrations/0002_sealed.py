"""Telephone, mail address and text of outgoing messages at rest. Nothing of the product sends any yet, so nobody waits."""

from django.db import migrations

import tongchou.control.api

COLUMNS = """
ALTER TABLE operation_outboundmessage
    ALTER COLUMN address TYPE bytea USING convert_to(nullif(address, ''), 'UTF8'), ALTER COLUMN address DROP NOT NULL,
    ALTER COLUMN text TYPE bytea USING convert_to(nullif(text, ''), 'UTF8'), ALTER COLUMN text DROP NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("operation", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(COLUMNS)],
            state_operations=[
                migrations.AlterField(
                    "outboundmessage",
                    "address",
                    tongchou.control.api.SealedText("地址", label="operation.outbound_message.address"),
                ),
                migrations.AlterField(
                    "outboundmessage",
                    "text",
                    tongchou.control.api.SealedText("内容", label="operation.outbound_message.text"),
                ),
            ],
        )
    ]
