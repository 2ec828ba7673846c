from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class GoalsConfig(AppConfig):
    name = "sponsors.goals"
    label = "goals"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import needs
        from funding.funds.policies import shows_projects
        from funding.web import attention, desk
        from sponsors.billing.signals import card_kept, money_taken
        from sponsors.goals import selectors, services
        from sponsors.goals.needing import asks, describe

        card_kept.connect(services.on_card_kept, dispatch_uid="goals")
        money_taken.connect(services.on_money_taken, dispatch_uid="goals")
        attention.register("goals", gettext_lazy("Goals that nobody closed"), selectors.late, order=17)
        needs.register("goal", describe, asks)
        desk.register(
            gettext_lazy("Goals"),
            "goals:desk",
            gettext_lazy("What your projects raise for one piece of work, until a deadline."),
            61,
            shows_projects,
        )
        navigation.register(gettext_lazy("Goals"), "goals:index", 22)
        navigation.register(gettext_lazy("My pledges"), "goals:mine", 21, navigation.signed_in, place="account")
