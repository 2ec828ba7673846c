from django.apps import AppConfig


class RatesConfig(AppConfig):
    name = "grants.rates"
    label = "rates"
