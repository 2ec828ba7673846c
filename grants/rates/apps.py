from django.apps import AppConfig


class RatesConfig(AppConfig):
    name = "grants.rates"
    label = "rates"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.web import desk
        from grants.rates import policies

        navigation.register("My day rate", "rates:index", 60, navigation.signed_in, place="account")
        desk.register(
            "Day rates",
            "rates:index",
            "What contributors ask for a day, until somebody else agrees.",
            50,
            policies.shows_desk,
            waiting=policies.waiting,
        )
