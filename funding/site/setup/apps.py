from django.apps import AppConfig
from django.utils.translation import gettext as _


class SetupConfig(AppConfig):
    name = "funding.site.setup"
    label = "setup"

    def ready(self) -> None:
        from funding.site.setup import steps
        from funding.web import desk

        desk.register(
            "Set-up",
            "setup:list",
            _("What makes an installation usable: host, payments, mail, bank, projects, signers."),
            68,
            steps.shows,
            waiting=steps.count_open,
        )
