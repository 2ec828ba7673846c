from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "funding.api"
    label = "api"
