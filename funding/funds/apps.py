from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class FundsConfig(AppConfig):
    name = "funding.funds"
    label = "funds"

    def ready(self) -> None:
        from funding import appendonly
        from funding.funds import checks, hindsight, policies, selectors, sources
        from funding.funds.entries import describing
        from funding.ledger import checks as ledger_checks
        from funding.people import subjects
        from funding.web import desk

        ledger_checks.register("I8", checks.budgets_hold)
        ledger_checks.register("I10", hindsight.two_people_decided)
        appendonly.protect("funds_linereservation")
        sources.register("voucher", describing.describe, describing.asks)
        subjects.register(selectors.role_subjects)
        desk.register(
            gettext_lazy("Projects"),
            "funds:projects",
            gettext_lazy("What a project says, its days a month and its day rate."),
            60,
            policies.shows_projects,
        )
        words = gettext_lazy("Every fund: what came in, what is reserved, spent and left. Moves between funds, and what waits for money.")
        desk.register(gettext_lazy("Funds"), "funds:desk", words, 47, policies.shows_funds, waiting=selectors.waiting_for)
        papers = gettext_lazy("What the bank did and nobody else books: fees, receipts that nobody knows, opening balances, conversions.")
        desk.register(gettext_lazy("Vouchers"), "funds:vouchers", papers, 49, policies.shows_funds, waiting=selectors.vouchers_waiting)
