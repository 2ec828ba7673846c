from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SiteApiConfig(AppConfig):
    name = "funding.site.api"
    label = "site_api"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.site.api import receivers, schema  # noqa: F401  (registers what hears of lost factors, and how tokens are described)

        navigation.register(gettext_lazy("API tokens"), "tokens:list", 80, navigation.signed_in, place="account")
        navigation.register(gettext_lazy("API"), "api:root", 60, place="foot")
