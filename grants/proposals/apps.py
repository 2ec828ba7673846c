from django.apps import AppConfig
from django.utils.translation import gettext as _

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
        navigation.register(_("Calls"), "proposals:calls", 25)
        navigation.register(_("My proposals"), "proposals:mine", 55, navigation.signed_in, place="account")
        desk.register(
            _("Calls"), "proposals:calls", _("What the committee asks for: write, open and close."), 40, policies.shows_calls_desk
        )
