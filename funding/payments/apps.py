from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "funding.payments"
    label = "payments"
