"""First tables of the room."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('number', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='文件查询号')),
                ('filename', models.CharField(max_length=200, verbose_name='文件名')),
                ('institution_code', models.CharField(max_length=30, verbose_name='定点机构编号')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('created_at', models.DateTimeField(verbose_name='上传时间')),
                ('expires_at', models.DateTimeField(verbose_name='截止时间')),
            ],
            options={
                'verbose_name': '交换文件',
                'verbose_name_plural': '交换文件',
            },
        ),
    ]
