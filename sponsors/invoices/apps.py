from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "sponsors.invoices"
    label = "invoices"

    def ready(self) -> None:
        from funding.payments import reconciliation
        from sponsors.invoices.reconciling import claims, name_movements

        reconciliation.register("payments", claims, namer=name_movements)
