from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "grants.payouts"
    label = "payouts"
