from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class TimesheetsConfig(AppConfig):
    name = "grants.timesheets"
    label = "timesheets"

    def ready(self) -> None:
        from funding.components import navigation
        from funding.funds import sources
        from funding.ledger import checks
        from funding.web import attention, desk
        from grants.committee import ties
        from grants.engagements.policies import asks
        from grants.timesheets import policies, selectors, stranded
        from grants.timesheets.checks import days_were_approved_by_others
        from grants.timesheets.sources import asks as asks_of_days
        from grants.timesheets.sources import describe

        attention.register("stranded", gettext_lazy("Money reserved beyond its period"), stranded.find, order=25)
        sources.register("work", describe, asks_of_days)
        checks.register("I10", days_were_approved_by_others)
        ties.register(
            "cowork",
            selectors.worked_with,
            gettext_lazy("You and the applicant worked together lately, so somebody else has to decide this."),
        )
        navigation.register(gettext_lazy("My days"), "timesheets:week", 40, visible=policies.shows_days, asks=asks)
        desk.register(
            gettext_lazy("Approve days"),
            "timesheets:approvals",
            gettext_lazy("Half days that somebody logged and that wait for an independent look."),
            40,
            policies.shows_approvals,
            waiting=policies.count_waiting,
        )
        desk.register(
            gettext_lazy("Engagements"),
            "timesheets:engagements",
            gettext_lazy("Who works on what, under which cap."),
            41,
            policies.shows_engagements,
        )
