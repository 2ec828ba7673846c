from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class RecoveryConfig(AppConfig):
    name = "funding.site.recovery"
    label = "recovery"

    def ready(self) -> None:
        from funding.payments import policies
        from funding.site.recovery import recording, selectors
        from funding.web import attention, desk

        recording.connect()
        attention.register("trouble", gettext_lazy("Jobs that failed"), selectors.troubles, order=60)
        desk.register(
            gettext_lazy("What waits for a person"),
            "recovery:waiting",
            gettext_lazy("What did not work and what did not run, with what you can do about it."),
            70,
            policies.shows_inbox,
            waiting=selectors.count,
        )
