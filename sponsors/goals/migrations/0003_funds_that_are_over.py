from django.db import migrations
from django.db.models import OuterRef, Subquery


def end_funds(apps, schema_editor):
    """The funds of goals that were not met before funds could be over."""
    alias = schema_editor.connection.alias
    Goal, Fund = apps.get_model("goals", "Goal"), apps.get_model("funds", "Fund")
    failed = Goal.objects.using(alias).filter(fund=OuterRef("pk"), state="failed").values("decided_at")[:1]
    rows = Fund.objects.using(alias).filter(ended_at=None).annotate(over=Subquery(failed)).exclude(over=None)
    for fund in rows:
        Fund.objects.using(alias).filter(pk=fund.pk).update(ended_at=fund.over)


class Migration(migrations.Migration):

    dependencies = [("goals", "0002_guards"), ("funds", "0012_funds_that_are_over")]

    operations = [migrations.RunPython(end_funds, migrations.RunPython.noop)]
