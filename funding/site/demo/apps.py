from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "funding.site.demo"
    label = "demo"
