"""Organisations have dates and a history of names and places; the switch "active" goes (its date says it)."""

import datetime

import django.db.models.deletion
from django.db import migrations, models

WATCH = "SELECT control_trail_watch('control_organisationversion', 'id', '');"
UNWATCH = "SELECT control_trail_unwatch('control_organisationversion');"


class Migration(migrations.Migration):
    dependencies = [("control", "0005_identity")]

    operations = [
        migrations.AddField(
            "organisation", "since", models.DateField(default=datetime.date(2000, 1, 1), verbose_name="成立日期")
        ),
        migrations.AddField(
            "organisation",
            "closed_on",
            models.DateField(blank=True, help_text="当日起不再使用", null=True, verbose_name="撤销日期"),
        ),
        # Nothing ever read it; an older version that still writes it is given the default by the database.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE control_organisation ALTER COLUMN active SET DEFAULT true",
                    "ALTER TABLE control_organisation ALTER COLUMN active DROP DEFAULT",
                )
            ],
            state_operations=[migrations.RemoveField("organisation", "active")],
        ),
        migrations.CreateModel(
            name="OrganisationVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("action", models.CharField(max_length=10, verbose_name="变更")),
                ("name", models.CharField(max_length=100, verbose_name="名称")),
                ("since", models.DateField(verbose_name="日期")),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="control.case",
                        verbose_name="复核事项",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="control.organisation",
                        verbose_name="组织机构",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="control.organisation",
                        verbose_name="上级组织",
                    ),
                ),
            ],
            options={"verbose_name": "机构沿革", "verbose_name_plural": "机构沿革"},
        ),
        migrations.RunSQL(WATCH, UNWATCH),
    ]
