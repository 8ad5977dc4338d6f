"""Uploaded files at rest: new ones are encrypted, those from before are read as they are until ``tongchou keys finish``."""

from django.db import migrations

import tongchou.control.api


class Migration(migrations.Migration):
    dependencies = [("web", "0001_initial")]

    operations = [
        migrations.AlterField(
            "upload", "content", tongchou.control.api.SealedBytes("内容", label="web.upload.content")
        )
    ]
