from django.db import migrations

from sponsors.goals import guards


class Migration(migrations.Migration):

    dependencies = [("goals", "0001_initial")]

    operations = [migrations.RunSQL(guards.INSTALL, guards.REMOVE)]
