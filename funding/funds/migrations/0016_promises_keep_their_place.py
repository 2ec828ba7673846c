from django.db import migrations
from django.db.models import F


def keep(apps, schema_editor):
    """Where matching begins stood in `line`, which is the row that a voucher is about."""
    vouchers = apps.get_model("funds", "Voucher").objects.using(schema_editor.connection.alias)
    vouchers.filter(kind="matching").update(gifts_to=F("line"), line=None)


class Migration(migrations.Migration):

    dependencies = [("funds", "0015_promises_end")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
