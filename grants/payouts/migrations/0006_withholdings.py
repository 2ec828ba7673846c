"""What is withheld becomes rows that stay, one for each time a treasurer said so."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def keep_who_withheld(apps, schema_editor):
    payout, withholding = apps.get_model("payouts", "Payout"), apps.get_model("payouts", "Withholding")
    withholding.objects.using(schema_editor.connection.alias).bulk_create(
        withholding(payout=it, amount=it.withheld, reason="See the audit log.", by_id=it.withheld_by_id, at=it.run.prepared_at)
        for it in payout.objects.using(schema_editor.connection.alias).exclude(withheld_by=None).select_related("run").order_by("pk")
    )


class Migration(migrations.Migration):

    dependencies = [
        ("payouts", "0005_withheld_tax"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Withholding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField()),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("payout", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="withholdings", to="payouts.payout")),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), models.Q(("reason", ""), _negated=True)), name="withholding_says_why"
                    ),
                ],
            },
        ),
        migrations.RunPython(keep_who_withheld, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint(model_name="payout", name="payout_withholds_a_part"),
        migrations.RemoveField(model_name="payout", name="withheld_by"),
        migrations.AddField(model_name="debtcancellation", name="withheld", field=models.BigIntegerField(default=0)),
        migrations.AddConstraint(
            model_name="debtcancellation",
            constraint=models.CheckConstraint(
                condition=models.Q(("withheld", 0), models.Q(("state", "done"), ("withheld__gt", 0)), _connector="OR"),
                name="debtcancellation_releases_tax",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withheld", 0), ("withheld_entry", None)),
                    models.Q(("withheld__gt", 0), ("withheld__lt", models.F("amount"))),
                    _connector="OR",
                ),
                name="payout_withholds_a_part",
            ),
        ),
    ]
