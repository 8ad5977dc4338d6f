"""First tables of the room."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name='Institution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, unique=True, verbose_name='定点机构编号')),
                ('name', models.CharField(max_length=200, verbose_name='名称')),
                ('kind', models.CharField(help_text='1 定点医疗机构,2 定点零售药店', max_length=6, verbose_name='机构类型')),
                ('credit_code', models.CharField(max_length=18, verbose_name='统一社会信用代码')),
                ('grade', models.CharField(blank=True, max_length=6, verbose_name='医院等级')),
                ('level', models.CharField(help_text='1 一级,2 二级,3 三级,9 药店', max_length=1, verbose_name='医保结算等级')),
                ('chinese_medicine', models.BooleanField(default=False, verbose_name='中医机构')),
                ('area', models.CharField(max_length=6, verbose_name='所在区划')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                ('phone', models.CharField(blank=True, max_length=50, verbose_name='联系电话')),
            ],
            options={
                'verbose_name': '定点医药机构',
                'verbose_name_plural': '定点医药机构',
            },
        ),
        migrations.CreateModel(
            name='OperatorSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=30, unique=True, verbose_name='签到编号')),
                ('institution_code', models.CharField(db_index=True, max_length=12, verbose_name='定点机构编号')),
                ('operator_no', models.CharField(max_length=20, verbose_name='操作员编号')),
                ('mac', models.CharField(blank=True, max_length=20, verbose_name='签到MAC地址')),
                ('ip', models.CharField(blank=True, max_length=45, verbose_name='签到IP地址')),
                ('signed_in_at', models.DateTimeField(verbose_name='签到时间')),
                ('signed_out_at', models.DateTimeField(blank=True, null=True, verbose_name='签退时间')),
            ],
            options={
                'verbose_name': '操作员签到',
                'verbose_name_plural': '操作员签到',
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(default=1, verbose_name='版本号')),
            ],
            options={
                'verbose_name': '机构版本',
                'verbose_name_plural': '机构版本',
            },
        ),
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='协议编号')),
                ('med_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=6), size=None, verbose_name='开通医疗类别')),
                ('suspended', models.BooleanField(default=False, verbose_name='暂停服务')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='协议期间')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='providers.institution', verbose_name='定点机构')),
            ],
            options={
                'verbose_name': '服务协议',
                'verbose_name_plural': '服务协议',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('institution', name='gist_int8_ops'), '='), ('period', '&&')], name='agreement_no_overlap')],
            },
        ),
    ]
