
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('funds', '0014_vouchers_and_recalls'),
        ('ledger', '0001_initial'),
        ('people', '0006_invitations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='voucher',
            name='voucher_posted',
        ),
        migrations.AddField(
            model_name='voucher',
            name='gifts_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.transfer'),
        ),
        migrations.AddField(
            model_name='voucher',
            name='returns_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.transfer'),
        ),
        migrations.AlterField(
            model_name='voucher',
            name='kind',
            field=models.CharField(choices=[('receipt', 'Receipt that nobody knows'), ('matched', 'Receipt whose payer was found'), ('paid_off', 'Held money paid out by the bank'), ('bank_fee', 'Bank fee'), ('processor_fees', "Processor's fees of a month"), ('tax_paid', 'Tax paid to the authority'), ('opening', 'Opening balance'), ('conversion', 'Currency conversion'), ('wrong_fund', 'Money booked to the wrong fund'), ('release', 'Restriction released'), ('bridge', 'Advance on an award'), ('bridge_repaid', 'Advance on an award repaid'), ('matching', 'Promise to match gifts'), ('matching_ended', 'End of a promise to match gifts')], max_length=14),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'booked'), _negated=True), ('entry__isnull', False), models.Q(('kind', 'matching'), ('reservation__isnull', False)), ('kind', 'matching_ended'), _connector='OR'), name='voucher_posted'),
        ),
    ]
