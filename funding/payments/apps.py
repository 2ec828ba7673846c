from django.apps import AppConfig
from django.utils.translation import gettext as _


class PaymentsConfig(AppConfig):
    name = "funding.payments"
    label = "payments"

    def ready(self) -> None:
        from funding import appendonly
        from funding.payments import handlers, policies, probe, reconciliation, selectors, services, topups
        from funding.web import attention, desk

        attention.register("inbox", _("News from the processor that could not be handled"), selectors.parked, order=10)
        attention.register("reconciliation", _("Differences between the processor and the books"), selectors.open_differences, order=15)
        appendonly.protect("payments_processorline", "payments_match", "payments_bankaccount")
        handlers.register_object("account", services.on_account)
        handlers.register(topups.KIND, topups.on_news)
        handlers.register(probe.KIND, probe.on_news)
        reconciliation.register("top-ups", topups.claims, topups.makers)
        desk.register(_("Cash"), "payments:cash", _("What is in the bank and at the processor; moving it over."), 46, policies.shows_cash)
        desk.register(
            _("Processor and bank"),
            "payments:processor",
            _("Whether payments work: the flow replayed on test keys. The host's bank account."),
            69,
            policies.shows_inbox,
        )
        desk.register(
            _("Processor inbox"),
            "payments:inbox",
            _("News from the payment processor, as it came and what became of it."),
            71,
            policies.shows_inbox,
        )
        desk.register(
            _("Processor and books"),
            "payments:reconciliation",
            _("The processor's balance against the books, movement by movement."),
            72,
            policies.shows_reconciliation,
            waiting=policies.count_differences,
        )
