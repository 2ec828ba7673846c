from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReportsConfig(AppConfig):
    name = "funding.site.reports"
    label = "reports"

    def ready(self) -> None:
        from funding import appendonly
        from funding.funds import policies
        from funding.site.reports import verifying
        from funding.web import attention, desk

        appendonly.protect("reports_verification")
        attention.register("books", gettext_lazy("The books do not hold"), verifying.find, order=5)
        periods = gettext_lazy("Up to which date the books are closed, what is unfinished, and closing a period for good.")
        desk.register(gettext_lazy("Periods"), "reports:period", periods, 51, policies.shows_funds)
