from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "sponsors.billing"
    label = "billing"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import sources
        from funding.payments import handlers, policies
        from funding.web import desk
        from sponsors.billing import services
        from sponsors.billing.services.collecting import KIND
        from sponsors.invoices import selectors as payments
        from sponsors.invoices.sources import describe

        handlers.register(KIND, services.on_news)
        sources.register(KIND, describe)
        navigation.register("My giving", "billing:giving", 20, navigation.signed_in, place="account")
        navigation.register("Sponsor a project", "billing:projects", 10, place="foot")
        desk.register(
            "Payments that need a person",
            "billing:stuck",
            "Charges that the processor or the books refuse, and why.",
            71,
            policies.shows_inbox,
            waiting=lambda request: payments.stuck().count(),
        )
