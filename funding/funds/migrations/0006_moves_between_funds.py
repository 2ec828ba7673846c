import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def name_the_funds(apps, schema_editor):
    """Every move so far went from the host's general fund to the reserve of its currency."""
    here = schema_editor.connection
    Move, Fund, Host = (apps.get_model(*name).objects.using(here.alias) for name in (("funds", "FundMove"), ("funds", "Fund"), ("people", "Host")))
    for currency in set(Move.values_list("currency", flat=True)):
        code = currency.lower()
        reserve = Fund.filter(slug=f"reserve-{code}").first()
        if reserve is None:  # asked for, and never approved: the reserve is opened with its first money
            now, host = timezone.now(), Host.first()
            with here.cursor() as cursor:
                account = f"fund:reserve-{code}:{currency}"
                cursor.execute("SELECT id FROM ledger_open_account(%s, 'fund', %s, %s)", [account, currency, now.isoformat()])
                account_id = cursor.fetchone()[0]
            reserve = Fund.create(
                slug=f"reserve-{code}",
                name=f"{host.name}: reserve" if host else "Reserve",
                kind="reserve",
                purpose="Refunds and disputes of money that was spent already",
                currency=currency,
                account_id=account_id,
                created_at=now,
            )
        Move.filter(currency=currency).update(giver=Fund.get(slug=f"host-{code}"), taker=reserve)


class Migration(migrations.Migration):

    dependencies = [
        ("funds", "0005_need_line"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.RenameModel(old_name="ReserveMove", new_name="FundMove"),
        migrations.AddField(
            model_name="fundmove",
            name="giver",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="funds.fund"),
        ),
        migrations.AddField(
            model_name="fundmove",
            name="taker",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="funds.fund"),
        ),
        migrations.RunPython(name_the_funds, migrations.RunPython.noop),
    ]
