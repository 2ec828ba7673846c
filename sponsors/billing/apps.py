from django.apps import AppConfig
from django.utils.translation import gettext as _


class BillingConfig(AppConfig):
    name = "sponsors.billing"
    label = "billing"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import sources
        from funding.payments import handlers, policies
        from funding.web import attention, desk
        from sponsors.billing import selectors, services
        from sponsors.billing.services.carding import CARD
        from sponsors.billing.services.collecting import KIND
        from sponsors.invoices.sources import describe

        handlers.register(KIND, services.on_news)
        handlers.register(CARD, services.on_card_news)
        sources.register(KIND, describe)
        navigation.register(_("My giving"), "billing:giving", 20, navigation.signed_in, place="account")
        navigation.register(_("Sponsor a project"), "billing:projects", 10, place="foot")
        attention.register("payments", _("Payments that need a person"), selectors.stuck, order=15)
        attention.register("renewals", _("Renewals that nobody made"), selectors.late, order=16)
        desk.register(
            _("When a renewal is not paid"),
            "billing:steps",
            _("The steps: when a card is tried again, which mail goes out, when a sponsorship lapses."),
            72,
            policies.shows_inbox,
        )
