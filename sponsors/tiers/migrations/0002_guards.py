from django.db import migrations

from sponsors.tiers import guards


class Migration(migrations.Migration):

    dependencies = [("tiers", "0001_initial")]

    operations = [migrations.RunSQL(guards.INSTALL, guards.REMOVE)]
