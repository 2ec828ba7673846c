from django.db import migrations

from grants.awards import guards


class Migration(migrations.Migration):

    dependencies = [("awards", "0004_asked_and_agreed")]

    operations = [migrations.RunSQL(guards.INSTALL, migrations.RunSQL.noop)]
