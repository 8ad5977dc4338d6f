"""First tables of the room."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name='Diagnosis',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='诊断代码')),
                ('name', models.CharField(db_index=True, max_length=300, verbose_name='诊断名称')),
            ],
            options={
                'verbose_name': '疾病诊断',
                'verbose_name_plural': '疾病诊断',
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=50, unique=True, verbose_name='医疗目录编码')),
                ('list_type', models.CharField(max_length=3, verbose_name='目录类别')),
                ('charge_type', models.CharField(max_length=6, verbose_name='收费项目类别')),
                ('name', models.CharField(db_index=True, max_length=500, verbose_name='名称')),
                ('product_name', models.CharField(blank=True, max_length=200, verbose_name='商品名')),
                ('dosage_form', models.CharField(blank=True, max_length=200, verbose_name='剂型')),
                ('spec', models.CharField(blank=True, max_length=200, verbose_name='规格')),
                ('unit', models.CharField(blank=True, max_length=50, verbose_name='计价单位')),
                ('manufacturer', models.CharField(blank=True, max_length=200, verbose_name='生产企业')),
                ('special_service', models.BooleanField(default=False, verbose_name='特检特治')),
                ('basic_drug', models.BooleanField(default=False, verbose_name='基本药物')),
                ('negotiated', models.BooleanField(default=False, verbose_name='谈判药品')),
                ('children', models.BooleanField(default=False, verbose_name='儿童用药')),
            ],
            options={
                'verbose_name': '医疗目录项目',
                'verbose_name_plural': '医疗目录项目',
            },
        ),
        migrations.CreateModel(
            name='OutpatientDisease',
            fields=[
                ('code', models.CharField(max_length=30, primary_key=True, serialize=False, verbose_name='病种编码')),
                ('name', models.CharField(max_length=300, verbose_name='病种名称')),
                ('special', models.BooleanField(default=False, verbose_name='门诊特殊病')),
            ],
            options={
                'verbose_name': '门慢门特病种',
                'verbose_name_plural': '门慢门特病种',
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(default=1, verbose_name='版本号')),
            ],
            options={
                'verbose_name': '目录版本',
                'verbose_name_plural': '目录版本',
            },
        ),
        migrations.CreateModel(
            name='ItemTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=6, verbose_name='险种')),
                ('list_code', models.CharField(max_length=50, verbose_name='医保目录编码')),
                ('item_class', models.CharField(help_text='01 甲类,02 乙类,03 丙类', max_length=3, verbose_name='收费项目等级')),
                ('prior_self_pay', models.IntegerField(blank=True, null=True, verbose_name='先行自付比例(万分之)')),
                ('restricted', models.BooleanField(default=False, verbose_name='限制使用标志')),
                ('restriction', models.CharField(blank=True, max_length=500, verbose_name='限制使用范围')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期间')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='catalogues.item', verbose_name='目录项目')),
            ],
            options={
                'verbose_name': '目录支付条件',
                'verbose_name_plural': '目录支付条件',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('item', name='gist_int8_ops'), '='), (django.contrib.postgres.indexes.OpClass('scheme', name='gist_text_ops'), '='), ('period', '&&')], name='item_term_no_overlap'), models.CheckConstraint(condition=models.Q(('prior_self_pay__isnull', True), ('prior_self_pay__range', (0, 10000)), _connector='OR'), name='item_term_ratio_bounds')],
            },
        ),
        migrations.CreateModel(
            name='Mapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('institution_code', models.CharField(max_length=12, verbose_name='定点机构编号')),
                ('local_code', models.CharField(max_length=150, verbose_name='机构目录编码')),
                ('local_name', models.CharField(blank=True, max_length=200, verbose_name='机构目录名称')),
                ('status', models.CharField(choices=[('0', '待审核'), ('1', '已通过'), ('2', '已退回')], default='0', max_length=1, verbose_name='审核状态')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期间')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='catalogues.item', verbose_name='目录项目')),
            ],
            options={
                'verbose_name': '目录对照',
                'verbose_name_plural': '目录对照',
                'indexes': [models.Index(fields=['institution_code', 'local_code'], name='mapping_local_code')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('institution_code', name='gist_text_ops'), '='), (django.contrib.postgres.indexes.OpClass('local_code', name='gist_text_ops'), '='), ('period', '&&')], name='mapping_no_overlap')],
            },
        ),
        migrations.CreateModel(
            name='PriceLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(default='0', help_text='0 不分级别,1/2/3 级,9 药店', max_length=1, verbose_name='医院级别')),
                ('limit_micro', models.BigIntegerField(verbose_name='限价(百万分之一元)')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期间')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='catalogues.item', verbose_name='目录项目')),
            ],
            options={
                'verbose_name': '目录限价',
                'verbose_name_plural': '目录限价',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('item', name='gist_int8_ops'), '='), (django.contrib.postgres.indexes.OpClass('level', name='gist_text_ops'), '='), ('period', '&&')], name='price_limit_no_overlap'), models.CheckConstraint(condition=models.Q(('limit_micro__gt', 0)), name='price_limit_positive')],
            },
        ),
    ]
