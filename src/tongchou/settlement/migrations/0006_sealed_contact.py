"""Personal particulars of an encounter at rest: a column for their ciphertext; what stands in ``details`` moves there.

Stored answers need no migration: a ciphertext begins with another byte than an answer in clear, so both are read, and
``tongchou keys finish`` encrypts those from before.
"""

import json

from django.db import migrations

import tongchou.control.api
from tongchou.control.api import encrypt
from tongchou.settlement.sealed import CONTACT, PRIVATE


def seal_contacts(apps, editor):
    """Move the personal particulars out of ``details``."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, details::text FROM settlement_encounter WHERE details ?| %s", [sorted(PRIVATE)])
        for number, text in cursor.fetchall():
            details = json.loads(text)
            private = {name: details.pop(name) for name in sorted(PRIVATE & details.keys())}
            cursor.execute(
                "UPDATE settlement_encounter SET details = %s, contact_cipher = %s WHERE id = %s",
                [
                    json.dumps(details, ensure_ascii=False),
                    encrypt(column=CONTACT, text=json.dumps(private, ensure_ascii=False, sort_keys=True)),
                    number,
                ],
            )


class Migration(migrations.Migration):
    dependencies = [("settlement", "0005_parts_and_years")]

    operations = [
        migrations.AddField(
            "encounter",
            "contact",
            tongchou.control.api.SealedText(
                "联系人等个人信息", db_column="contact_cipher", label="settlement.encounter.contact"
            ),
        ),
        migrations.RunPython(seal_contacts, migrations.RunPython.noop),
    ]
