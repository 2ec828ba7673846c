from django.apps import AppConfig
from django.conf import settings


class DemoConfig(AppConfig):
    name = "funding.site.demo"
    label = "demo"

    def ready(self) -> None:
        from funding.site.demo import calendar, checks  # noqa: F401  (registers the check)

        if settings.DEMO:
            calendar.install()
