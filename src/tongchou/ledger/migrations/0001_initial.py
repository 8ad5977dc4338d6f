"""First tables of the room."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('code', models.CharField(max_length=20, verbose_name='科目编码')),
                ('name', models.CharField(max_length=100, verbose_name='科目名称')),
                ('fund', models.CharField(blank=True, max_length=6, verbose_name='基金')),
                ('nature', models.CharField(choices=[('asset', '资产'), ('liability', '负债'), ('balance', '基金结余'), ('income', '收入'), ('expense', '支出'), ('memo', '备查')], max_length=10, verbose_name='科目性质')),
                ('party_kind', models.CharField(choices=[('none', '无'), ('person', '个人账户'), ('institution', '定点机构')], default='none', max_length=12, verbose_name='辅助核算')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='ledger.account', verbose_name='上级科目')),
            ],
            options={
                'verbose_name': '会计科目',
                'verbose_name_plural': '会计科目',
            },
        ),
        migrations.CreateModel(
            name='BusinessDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('day', models.DateField(verbose_name='业务日期')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='日结时间')),
                ('figures', models.JSONField(blank=True, default=dict, verbose_name='日结数据')),
            ],
            options={
                'verbose_name': '业务日',
                'verbose_name_plural': '业务日',
                'constraints': [models.UniqueConstraint(fields=('area', 'day'), name='business_day_unique')],
            },
        ),
        migrations.CreateModel(
            name='DailyBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('day', models.DateField(verbose_name='业务日期')),
                ('party', models.BigIntegerField(default=0, verbose_name='辅助对象')),
                ('balance', models.BigIntegerField(verbose_name='余额(分)')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='ledger.account', verbose_name='科目')),
            ],
            options={
                'verbose_name': '日终余额',
                'verbose_name_plural': '日终余额',
            },
        ),
        migrations.CreateModel(
            name='Journal',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='凭证流水号')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('business_date', models.DateField(verbose_name='业务日期')),
                ('kind', models.CharField(max_length=20, verbose_name='业务类型')),
                ('business_key', models.CharField(max_length=80, unique=True, verbose_name='业务主键')),
                ('cause', models.CharField(max_length=20, verbose_name='来源类型')),
                ('cause_id', models.BigIntegerField(verbose_name='来源编号')),
                ('policy', models.CharField(blank=True, max_length=64, verbose_name='政策版本')),
                ('memo', models.CharField(blank=True, max_length=200, verbose_name='摘要')),
                ('entry_count', models.SmallIntegerField(verbose_name='分录数')),
                ('turnover', models.BigIntegerField(verbose_name='借方合计(分)')),
                ('posted_at', models.DateTimeField(verbose_name='入账时间')),
                ('reversal_of', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='ledger.journal', verbose_name='冲销凭证')),
            ],
            options={
                'verbose_name': '凭证',
                'verbose_name_plural': '凭证',
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('pk', models.CompositePrimaryKey('journal', 'line', blank=True, editable=False, primary_key=True, serialize=False)),
                ('line', models.SmallIntegerField(verbose_name='行号')),
                ('party', models.BigIntegerField(default=0, verbose_name='辅助对象')),
                ('amount', models.BigIntegerField(verbose_name='金额(分)')),
                ('business_date', models.DateField(verbose_name='业务日期')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.account', verbose_name='科目')),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='ledger.journal', verbose_name='凭证')),
            ],
            options={
                'verbose_name': '分录',
                'verbose_name_plural': '分录',
            },
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(fields=('area', 'code'), name='ledger_account_code_unique'),
        ),
        migrations.AddConstraint(
            model_name='dailybalance',
            constraint=models.UniqueConstraint(fields=('area', 'day', 'account', 'party'), name='daily_balance_unique'),
        ),
        migrations.AddIndex(
            model_name='journal',
            index=models.Index(fields=['area', 'business_date'], name='journal_area_day'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['account', 'party', 'business_date'], name='entry_account_party_day'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='entry_not_zero'),
        ),
    ]
