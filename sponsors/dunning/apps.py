from django.apps import AppConfig


class DunningConfig(AppConfig):
    name = "sponsors.dunning"
    label = "dunning"

    def ready(self) -> None:
        from funding import appendonly
        from sponsors.dunning.models import Schedule, StepTaken

        appendonly.protect(Schedule._meta.db_table, StepTaken._meta.db_table)
