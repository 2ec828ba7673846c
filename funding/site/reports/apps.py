from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "funding.site.reports"
    label = "reports"
