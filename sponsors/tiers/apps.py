from django.apps import AppConfig


class TiersConfig(AppConfig):
    name = "sponsors.tiers"
    label = "tiers"
