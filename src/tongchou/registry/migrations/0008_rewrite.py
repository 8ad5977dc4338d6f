"""Personal data at rest, contracting: a dropped column stays in the pages of its table until they are written anew."""

from django.db import migrations

TABLES = ("registry_person", "registry_card", "registry_household", "registry_change")


class Migration(migrations.Migration):

    phase = "contract"
    atomic = False
    dependencies = [("registry", "0007_plain_columns_go")]
    operations = [migrations.RunSQL(f"VACUUM FULL {table}", migrations.RunSQL.noop) for table in TABLES]
