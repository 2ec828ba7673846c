from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReportsConfig(AppConfig):
    name = "funding.site.reports"
    label = "reports"

    def ready(self) -> None:
        from funding import appendonly
        from funding.site.reports import verifying
        from funding.web import attention

        appendonly.protect("reports_verification")
        attention.register("books", gettext_lazy("The books do not hold"), verifying.find, order=5)
