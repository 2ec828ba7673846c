from django.apps import AppConfig


class TimesheetsConfig(AppConfig):
    name = "grants.timesheets"
    label = "timesheets"
