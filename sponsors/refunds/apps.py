from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class RefundsConfig(AppConfig):
    name = "sponsors.refunds"
    label = "refunds"

    def ready(self) -> None:
        from funding.funds import sources
        from funding.ledger import checks as ledger_checks
        from funding.payments import handlers, reconciliation
        from funding.web import attention, desk
        from sponsors.refunds import checks, hindsight, policies, reconciling, selectors, services
        from sponsors.refunds.services.sending import KIND
        from sponsors.refunds.sources import asks_of_disputes, asks_of_refunds, describe_disputes, describe_refunds

        handlers.register(KIND, services.on_news)
        handlers.register_object("refund", services.on_refund)
        handlers.register_object("dispute", services.on_dispute)
        sources.register("refund", describe_refunds, asks_of_refunds)
        sources.register("dispute", describe_disputes, asks_of_disputes)
        reconciliation.register("refunds", reconciling.claims, reconciling.makers)
        ledger_checks.register("I3", checks.takings_add_up)
        ledger_checks.register("I6", checks.carries_add_up)
        ledger_checks.register("I10", hindsight.refunds_benefit_others)
        attention.register("refunds", gettext_lazy("Refunds and disputes"), selectors.attention, order=30)
        desk.register(
            gettext_lazy("Refunds and disputes"),
            "refunds:index",
            gettext_lazy("Money that goes back to sponsors, and what their banks claim."),
            46,
            policies.shows_refunds,
            waiting=policies.count_waiting,
        )
