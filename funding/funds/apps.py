from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class FundsConfig(AppConfig):
    name = "funding.funds"
    label = "funds"

    def ready(self) -> None:
        from funding import appendonly
        from funding.funds import checks, policies, selectors
        from funding.ledger import checks as ledger_checks
        from funding.people import subjects
        from funding.web import desk

        ledger_checks.register("I8", checks.budgets_hold)
        appendonly.protect("funds_linereservation")
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
