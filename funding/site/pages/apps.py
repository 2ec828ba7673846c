from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "funding.site.pages"
    label = "pages"
