from django.db import migrations

from funding.funds import guards


class Migration(migrations.Migration):

    dependencies = [("funds", "0010_move_answer")]

    operations = [migrations.RunSQL(guards.INSTALL, guards.REMOVE)]
