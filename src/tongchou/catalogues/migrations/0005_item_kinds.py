from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("catalogues", "0004_trail")]

    operations = [
        migrations.AddField(
            model_name="itemterm",
            name="kinds",
            field=models.CharField(
                blank=True,
                default="",
                help_text="政策单独规定的类别,如进口材料、特药、血液;几个用顿号隔开,具体的在前",
                max_length=100,
                verbose_name="政策项目类别",
            ),
            preserve_default=False,
        ),
    ]
