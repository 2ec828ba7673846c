from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from funding import appendonly


class ProposalsConfig(AppConfig):
    name = "grants.proposals"
    label = "proposals"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import sources
        from funding.web import desk
        from grants.proposals import policies, selectors

        appendonly.protect("proposals_revision")
        sources.register("proposal", selectors.describe, selectors.asks)
        navigation.register(gettext_lazy("Calls"), "proposals:calls", 25)
        navigation.register(gettext_lazy("My proposals"), "proposals:mine", 55, navigation.signed_in, place="account")
        desk.register(
            gettext_lazy("Calls"),
            "proposals:calls",
            gettext_lazy("What the committee asks for: write, open and close."),
            40,
            policies.shows_calls_desk,
        )
