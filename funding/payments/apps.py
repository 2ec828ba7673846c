from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class PaymentsConfig(AppConfig):
    name = "funding.payments"
    label = "payments"

    def ready(self) -> None:
        from funding import appendonly
        from funding.payments import handlers, monthly_fees, policies, probe, reconciliation, selectors, services, topups
        from funding.web import attention, desk

        attention.register("inbox", gettext_lazy("News from the processor that could not be handled"), selectors.parked, order=10)
        attention.register(
            "reconciliation", gettext_lazy("Differences between the processor and the books"), selectors.open_differences, order=15
        )
        appendonly.protect("payments_processorline", "payments_match", "payments_bankaccount")
        handlers.register_object("account", services.on_account)
        handlers.register(topups.KIND, topups.on_news)
        handlers.register(probe.KIND, probe.on_news)
        reconciliation.register("top-ups", topups.claims, topups.makers)
        reconciliation.register("monthly fees", monthly_fees.claims, monthly_fees.makers)
        desk.register(
            gettext_lazy("Cash"),
            "payments:cash",
            gettext_lazy("What is in the bank and at the processor; moving it over."),
            46,
            policies.shows_cash,
        )
        desk.register(
            gettext_lazy("Processor and bank"),
            "payments:processor",
            gettext_lazy("Whether payments work: the flow replayed on test keys. The host's bank account."),
            69,
            policies.shows_inbox,
        )
        desk.register(
            gettext_lazy("Processor inbox"),
            "payments:inbox",
            gettext_lazy("News from the payment processor, as it came and what became of it."),
            71,
            policies.shows_inbox,
        )
        desk.register(
            gettext_lazy("Processor and books"),
            "payments:reconciliation",
            gettext_lazy("The processor's balance against the books, movement by movement."),
            72,
            policies.shows_reconciliation,
            waiting=policies.count_differences,
        )
