from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class PagesConfig(AppConfig):
    name = "funding.site.pages"
    label = "pages"

    def ready(self) -> None:
        from funding.components import navigation

        navigation.register(gettext_lazy("Projects"), "pages:projects", 10)
        navigation.register(gettext_lazy("Follow the money"), "pages:books", 35)
        navigation.register(gettext_lazy("Do the books hold?"), "pages:verify", 20, place="foot")
