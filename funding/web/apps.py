from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "funding.web"
    label = "web"
