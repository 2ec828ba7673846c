from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "sponsors.invoices"
    label = "invoices"
