from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class RatesConfig(AppConfig):
    name = "grants.rates"
    label = "rates"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.ledger import checks
        from funding.web import desk
        from grants.rates import policies
        from grants.rates.checks import rates_were_agreed_by_others

        checks.register("I10", rates_were_agreed_by_others)
        navigation.register(gettext_lazy("My day rate"), "rates:index", 60, navigation.signed_in, place="account")
        desk.register(
            gettext_lazy("Day rates"),
            "rates:index",
            gettext_lazy("What contributors ask for a day, until somebody else agrees."),
            50,
            policies.shows_desk,
            waiting=policies.waiting,
        )
