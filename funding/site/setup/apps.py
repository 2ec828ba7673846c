from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SetupConfig(AppConfig):
    name = "funding.site.setup"
    label = "setup"

    def ready(self) -> None:
        from funding.site.setup import steps
        from funding.web import desk

        desk.register(
            gettext_lazy("Set-up"),
            "setup:list",
            gettext_lazy("What makes an installation usable: host, payments, mail, bank, projects, signers."),
            68,
            steps.shows,
            waiting=steps.count_open,
        )
