from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class BillingConfig(AppConfig):
    name = "sponsors.billing"
    label = "billing"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import sources
        from funding.ledger.sealing import commitments
        from funding.payments import handlers, policies
        from funding.web import attention, desk
        from sponsors.billing import selectors, services
        from sponsors.billing.services.carding import CARD
        from sponsors.billing.services.collecting import KIND
        from sponsors.invoices.sources import asks, describe, public_names

        handlers.register(KIND, services.on_news)
        handlers.register(CARD, services.on_card_news)
        sources.register(KIND, describe, asks)
        commitments.name_by(KIND, public_names)
        navigation.register(gettext_lazy("My giving"), "billing:giving", 20, navigation.signed_in, place="account")
        navigation.register(gettext_lazy("Sponsor a project"), "billing:projects", 10, place="foot")
        attention.register("payments", gettext_lazy("Payments that need a person"), selectors.stuck, order=15)
        attention.register("renewals", gettext_lazy("Renewals that nobody made"), selectors.late, order=16)
        desk.register(
            gettext_lazy("When a renewal is not paid"),
            "billing:steps",
            gettext_lazy("The steps: when a card is tried again, which mail goes out, when a sponsorship lapses."),
            72,
            policies.shows_inbox,
        )
