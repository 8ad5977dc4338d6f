"""First tables of the room."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('registry', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entitlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=6, verbose_name='险种')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='待遇享受期')),
                ('continuous_since', models.DateField(verbose_name='连续缴费起始日')),
                ('basis', models.CharField(blank=True, max_length=200, verbose_name='依据')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '待遇享受期',
                'verbose_name_plural': '待遇享受期',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('person', name='gist_int8_ops'), '='), (django.contrib.postgres.indexes.OpClass('scheme', name='gist_text_ops'), '='), ('period', '&&')], name='entitlement_no_overlap')],
            },
        ),
    ]
