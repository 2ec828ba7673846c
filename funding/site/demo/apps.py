from django.apps import AppConfig
from django.conf import settings


class DemoConfig(AppConfig):
    name = "funding.site.demo"
    label = "demo"

    def ready(self) -> None:
        if settings.DEMO:
            from funding.site.demo import calendar

            calendar.install()
