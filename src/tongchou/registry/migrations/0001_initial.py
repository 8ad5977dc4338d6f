"""First tables of the room."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='Area',
            fields=[
                ('code', models.CharField(max_length=12, primary_key=True, serialize=False, verbose_name='区划代码')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('pooling_area', models.CharField(db_index=True, max_length=6, verbose_name='统筹区')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.area', verbose_name='上级区划')),
            ],
            options={
                'verbose_name': '行政区划',
                'verbose_name_plural': '行政区划',
            },
        ),
        migrations.CreateModel(
            name='Employer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True, verbose_name='单位编号')),
                ('credit_code', models.CharField(blank=True, db_index=True, max_length=18, verbose_name='统一社会信用代码')),
                ('name', models.CharField(max_length=200, verbose_name='单位名称')),
                ('kind', models.CharField(blank=True, max_length=6, verbose_name='单位类型')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                ('phone', models.CharField(blank=True, max_length=50, verbose_name='联系电话')),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.area', verbose_name='参保区划')),
            ],
            options={
                'verbose_name': '参保单位',
                'verbose_name_plural': '参保单位',
            },
        ),
        migrations.CreateModel(
            name='Household',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=30, unique=True, verbose_name='户号')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.area', verbose_name='所在社区')),
            ],
            options={
                'verbose_name': '家庭户',
                'verbose_name_plural': '家庭户',
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=30, unique=True, verbose_name='人员编号')),
                ('cert_type', models.CharField(default='01', max_length=6, verbose_name='证件类型')),
                ('cert_no', models.CharField(max_length=50, verbose_name='证件号码')),
                ('name', models.CharField(db_index=True, max_length=50, verbose_name='姓名')),
                ('sex', models.CharField(max_length=1, verbose_name='性别')),
                ('ethnicity', models.CharField(default='1', max_length=3, verbose_name='民族')),
                ('birth_date', models.DateField(verbose_name='出生日期')),
                ('death_date', models.DateField(blank=True, null=True, verbose_name='死亡日期')),
                ('phone', models.CharField(blank=True, max_length=50, verbose_name='联系电话')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建档时间')),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.area', verbose_name='户籍区划')),
                ('household', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.household', verbose_name='家庭户')),
            ],
            options={
                'verbose_name': '参保人员',
                'verbose_name_plural': '参保人员',
            },
        ),
        migrations.CreateModel(
            name='IdentityClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=6, verbose_name='身份类别')),
                ('level', models.CharField(blank=True, max_length=3, verbose_name='类别等级')),
                ('memo', models.CharField(blank=True, max_length=500, verbose_name='备注')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期间')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '人员身份',
                'verbose_name_plural': '人员身份',
            },
        ),
        migrations.CreateModel(
            name='Enrolment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=6, verbose_name='险种')),
                ('person_type', models.CharField(max_length=6, verbose_name='人员类别')),
                ('civil_servant', models.BooleanField(default=False, verbose_name='公务员标志')),
                ('flexible', models.BooleanField(default=False, verbose_name='灵活就业标志')),
                ('status', models.CharField(default='1', max_length=3, verbose_name='参保状态')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='参保期间')),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.area', verbose_name='参保区划')),
                ('employer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.employer', verbose_name='参保单位')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '参保关系',
                'verbose_name_plural': '参保关系',
            },
        ),
        migrations.CreateModel(
            name='DiseaseCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('disease_code', models.CharField(max_length=30, verbose_name='病种编码')),
                ('disease_name', models.CharField(max_length=300, verbose_name='病种名称')),
                ('period', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期间')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '慢特病备案',
                'verbose_name_plural': '慢特病备案',
            },
        ),
        migrations.CreateModel(
            name='Card',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=3, verbose_name='凭证类型')),
                ('number', models.CharField(max_length=50, verbose_name='凭证号码')),
                ('serial', models.CharField(blank=True, max_length=32, verbose_name='卡识别码')),
                ('active', models.BooleanField(default=True, verbose_name='有效')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '就诊凭证',
                'verbose_name_plural': '就诊凭证',
            },
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.UniqueConstraint(fields=('cert_type', 'cert_no'), name='person_certificate_unique'),
        ),
        migrations.AddConstraint(
            model_name='identityclass',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('person', name='gist_int8_ops'), '='), (django.contrib.postgres.indexes.OpClass('kind', name='gist_text_ops'), '='), ('period', '&&')], name='identity_no_overlap'),
        ),
        migrations.AddConstraint(
            model_name='enrolment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(django.contrib.postgres.indexes.OpClass('person', name='gist_int8_ops'), '='), (django.contrib.postgres.indexes.OpClass('scheme', name='gist_text_ops'), '='), ('period', '&&')], name='enrolment_no_overlap'),
        ),
        migrations.AddConstraint(
            model_name='enrolment',
            constraint=models.CheckConstraint(condition=models.Q(('period__isempty', False)), name='enrolment_period_not_empty'),
        ),
        migrations.AddIndex(
            model_name='diseasecertificate',
            index=django.contrib.postgres.indexes.GistIndex(django.contrib.postgres.indexes.OpClass('person', name='gist_int8_ops'), models.F('period'), name='disease_certificate_person'),
        ),
        migrations.AddConstraint(
            model_name='card',
            constraint=models.UniqueConstraint(fields=('kind', 'number'), name='card_number_unique'),
        ),
    ]
