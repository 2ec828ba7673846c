from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class AwardsConfig(AppConfig):
    name = "grants.awards"
    label = "awards"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import sources
        from funding.ledger import checks
        from funding.ledger.sealing import commitments
        from funding.web import desk
        from grants.awards import policies, tranches
        from grants.awards.checks import awards_took_two
        from grants.awards.sources import asks, describe, public_names

        checks.register("I10", awards_took_two)
        sources.register(tranches.SOURCE, describe, asks)
        commitments.name_by(tranches.SOURCE, public_names)
        navigation.register(gettext_lazy("Awards"), "awards:list", 15, place="foot")
        desk.register(
            gettext_lazy("Awards"),
            "awards:desk",
            gettext_lazy("Grants received: what was agreed, what has arrived, and what its conditions are."),
            44,
            policies.shows,
            waiting=policies.waiting,
        )
