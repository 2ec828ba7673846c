from django.db import migrations

from grants.awards import guards


class Migration(migrations.Migration):

    dependencies = [("awards", "0002_given_back")]

    operations = [migrations.RunSQL(*guards.FIRST)]
