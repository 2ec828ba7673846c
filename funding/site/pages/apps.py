from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "funding.site.pages"
    label = "pages"

    def ready(self) -> None:
        from funding.components import navigation

        navigation.register("Projects", "pages:projects", 10)
        navigation.register("Follow the money", "pages:books", 35)
