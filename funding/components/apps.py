from django.apps import AppConfig


class ComponentsConfig(AppConfig):
    name = "funding.components"
    label = "components"
