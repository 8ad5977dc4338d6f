"""Who gave a password out is kept until somebody else confirms that the account is in its owner's hands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("control", "0007_hands"),
    ]

    operations = [
        migrations.AddField(
            model_name="operator",
            name="password_given_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=30, verbose_name="口令发放人"),
        ),
    ]
