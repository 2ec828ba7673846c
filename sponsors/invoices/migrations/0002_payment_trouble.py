from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial")]

    operations = [migrations.AddField("payment", "trouble", models.CharField(blank=True, max_length=300))]
