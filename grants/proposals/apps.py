from django.apps import AppConfig

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
        sources.register("proposal", selectors.describe)
        navigation.register("Calls", "proposals:calls", 25)
        navigation.register("My proposals", "proposals:mine", 55, navigation.signed_in, place="account")
        desk.register("Calls", "proposals:calls", "What the committee asks for: write, open and close.", 40, policies.shows_calls_desk)
