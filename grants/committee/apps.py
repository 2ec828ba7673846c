from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from funding import appendonly


class CommitteeConfig(AppConfig):
    name = "grants.committee"
    label = "committee"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import needs
        from funding.ledger import checks
        from funding.people import subjects
        from funding.web import desk
        from grants.committee import policies, receivers, selectors  # noqa: F401  (connects the receivers)
        from grants.committee.checks import found_money_is_its_days
        from grants.committee.hindsight import the_independent_decided
        from grants.committee.public_record import records_are_what_was_sealed

        appendonly.protect("committee_vote", "committee_determination", "committee_determinationfund", "committee_determinationrecusal")
        appendonly.protect("committee_opening", "committee_excuse", "committee_letter", "committee_funding", "committee_ending")
        needs.register("proposal", selectors.told, selectors.asks)
        checks.register("I4", records_are_what_was_sealed)
        checks.register("I7", found_money_is_its_days)
        checks.register("I10", the_independent_decided)
        subjects.register(selectors.role_subjects)
        navigation.register(gettext_lazy("Decisions"), "committee:decisions", 30)
        navigation.register(gettext_lazy("Committee"), "committee:queue", 50, policies.shows_queue)
        desk.register(
            gettext_lazy("Committee"),
            "committee:queue",
            gettext_lazy("Proposals to declare on, read and vote on."),
            30,
            policies.shows_queue,
            waiting=selectors.waiting,
        )
