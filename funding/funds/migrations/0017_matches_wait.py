from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Q


def seed(apps, schema_editor):
    """Nothing kept what a press could not release until now: a match whose gift has lost anything is looked at again, for all of it."""
    alias = schema_editor.connection.alias
    matches, carried, vouchers, transfers = (
        apps.get_model(app, name).objects.using(alias)
        for app, name in [("funds", "Matched"), ("funds", "Carried"), ("funds", "Voucher"), ("ledger", "Transfer")]
    )
    line = OuterRef("line")
    pins = transfers.filter(
        pinned=True,
        debit_account=OuterRef("line__credit_account"),
        spend_to__gt=OuterRef("line__credit_offset"),
        spend_from__lt=OuterRef("line__credit_offset") + OuterRef("line__amount"),
    )
    corrected = vouchers.filter(kind="wrong_fund", state="booked", line=line)
    lost = Exists(carried.filter(inflow=line, undone_by=None)) | Exists(corrected) | Exists(pins)
    found = list(matches.filter(lost, released__lt=F("amount")).values_list("pk", flat=True))
    matches.filter(pk__in=found).update(due=F("amount") - F("released"))


class Migration(migrations.Migration):

    dependencies = [("funds", "0016_promises_keep_their_place")]

    operations = [
        migrations.AddField(model_name="matched", name="due", field=models.PositiveBigIntegerField(default=0)),
        migrations.RemoveConstraint(model_name="matched", name="match_in_range"),
        migrations.AddConstraint(
            model_name="matched",
            constraint=models.CheckConstraint(
                condition=Q(amount__gt=0, released__range=(0, F("amount") - F("due"))), name="match_in_range"
            ),
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
