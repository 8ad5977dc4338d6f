"""What a draft changes of the rules themselves, in order, so that each change can be taken back."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("publication", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="edits",
            field=models.JSONField(default=list, verbose_name="改动的规则"),
        ),
    ]
