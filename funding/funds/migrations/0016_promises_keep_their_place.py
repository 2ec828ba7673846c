from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce


def keep(apps, schema_editor):
    """Where matching begins stood in `line`, which is the row that a voucher is about. What went back was looked at up to the last match."""
    alias = schema_editor.connection.alias
    vouchers, matches, transfers = (
        apps.get_model(app, name).objects.using(alias) for app, name in [("funds", "Voucher"), ("funds", "Matched"), ("ledger", "Transfer")]
    )
    last = matches.filter(promise=OuterRef(OuterRef("pk"))).order_by("-entry").values("entry")[:1]
    rows = transfers.filter(entry=Subquery(last)).order_by("pk").values("pk")[:1]
    returns_to = Coalesce(Subquery(rows), F("line"), output_field=models.BigIntegerField())
    vouchers.filter(kind="matching").update(gifts_to=F("line"), returns_to=returns_to, line=None)


class Migration(migrations.Migration):

    dependencies = [("funds", "0015_promises_end")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
