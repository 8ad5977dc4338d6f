"""First tables of the room."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Operator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='密码')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='最近登录时间')),
                ('login', models.CharField(max_length=30, unique=True, verbose_name='登录名')),
                ('name', models.CharField(max_length=50, verbose_name='姓名')),
                ('organisation', models.CharField(max_length=100, verbose_name='所属机构')),
                ('area', models.CharField(max_length=12, verbose_name='数据范围(区划代码)')),
                ('post', models.CharField(choices=[('clerk', '柜员'), ('reviewer', '复核'), ('accountant', '财务'), ('administrator', '管理员')], max_length=20, verbose_name='岗位')),
                ('is_active', models.BooleanField(default=True, verbose_name='启用')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
            ],
            options={
                'verbose_name': '操作员',
                'verbose_name_plural': '操作员',
            },
        ),
        migrations.CreateModel(
            name='SignInAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('login', models.CharField(max_length=30, verbose_name='登录名')),
                ('address', models.GenericIPAddressField(verbose_name='地址')),
                ('succeeded', models.BooleanField(verbose_name='成功')),
                ('tried_at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '登录记录',
                'verbose_name_plural': '登录记录',
                'indexes': [models.Index(fields=['login', 'address', '-tried_at'], name='sign_in_attempt_recent')],
            },
        ),
        migrations.CreateModel(
            name='PersonalDataAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person_number', models.CharField(max_length=30, verbose_name='人员编号')),
                ('reason', models.CharField(max_length=200, verbose_name='查看原因')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='地址')),
                ('seen_at', models.DateTimeField(verbose_name='查看时间')),
                ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL, verbose_name='操作员')),
            ],
            options={
                'verbose_name': '个人信息查看记录',
                'verbose_name_plural': '个人信息查看记录',
                'indexes': [models.Index(fields=['person_number', '-seen_at'], name='personal_data_access_person')],
            },
        ),
    ]
