from django.apps import AppConfig
from django.utils.translation import gettext as _


class PagesConfig(AppConfig):
    name = "funding.site.pages"
    label = "pages"

    def ready(self) -> None:
        from funding.components import navigation

        navigation.register(_("Projects"), "pages:projects", 10)
        navigation.register(_("Follow the money"), "pages:books", 35)
