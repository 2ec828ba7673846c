"""A row for each transfer that came back before transfers had rows of their own, and for its return, from the books.

The old references say it: `PO-0001:confirmed:1` was the first attempt, `PO-0001:returned:1` its return, always whole. Which of the
processor's transfers an earlier attempt was is not written anywhere here; `grants.payouts.naming` asks the processor when it matters.
"""

from django.db import migrations

UNKNOWN = "unknown:"
MODELS = ("ledger.Entry", "payouts.Payout", "payouts.PayoutTransfer", "payouts.PayoutReturn")


def rebuild(apps, schema_editor):
    # The owner role migrates; the default connection is the app role's.
    rows = {name: apps.get_model(*name.split(".")).objects.using(schema_editor.connection.alias) for name in MODELS}
    entries, payouts, transfers, returns = (rows[name] for name in MODELS)
    returned = entries.filter(source="payout", kind="payout_returned", reference__regex=r"^PO-\d+:returned:\d+$")
    for back in returned.order_by("number"):
        ref, _, attempt = back.reference.split(":")
        payout = payouts.get(pk=int(ref.removeprefix("PO-")))
        paid = entries.get(source="payout", reference=f"{ref}:confirmed:{attempt}", revision=1)
        transfer, new = transfers.get_or_create(
            entry=paid,
            defaults={
                "payout": payout,
                "transfer_id": payout.transfer_id if int(attempt) == payout.attempt else f"{UNKNOWN}{paid.number}",
                "amount": payout.amount,
                "returned": payout.amount,
                "at": paid.recorded_at,
            },
        )
        if new:
            returns.create(transfer=transfer, amount=payout.amount, at=back.recorded_at, entry=back)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
        ("payouts", "0003_changes_freezes"),
    ]

    operations = [migrations.RunPython(rebuild, migrations.RunPython.noop, elidable=True)]
