"""First tables of the room."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('registry', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=6, verbose_name='险种')),
                ('balance', models.BigIntegerField(default=0, verbose_name='余额(分)')),
                ('version', models.BigIntegerField(default=0, verbose_name='版本')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '个人账户',
                'verbose_name_plural': '个人账户',
                'constraints': [models.UniqueConstraint(fields=('person', 'scheme'), name='account_person_scheme_unique'), models.CheckConstraint(condition=models.Q(('balance__gte', 0)), name='account_not_negative')],
            },
        ),
    ]
