from django.apps import AppConfig
from django.utils.translation import gettext as _


class PeopleConfig(AppConfig):
    name = "funding.people"
    label = "people"

    def ready(self) -> None:
        from funding.people import policies, receivers  # noqa: F401  (connects the receivers)
        from funding.web import admin, desk

        admin.register_closed(policies.closed_subjects)
        desk.register(_("The host"), "people:host", _("Its name, currency and share."), 90, policies.shows_people)
        desk.register(
            _("People and roles"), "people:people", _("Who may act where, since when, and who gave it."), 91, policies.shows_people
        )
        desk.register(
            _("Contested relations"),
            "people:ties",
            _("Ties that one declares and the other denies, for somebody tied to neither."),
            93,
            policies.shows_ties,
            waiting=policies.count_ties,
        )
        desk.register(
            _("Organisations"),
            "people:organisations",
            _("Who acts for each, and is paid for it."),
            91,
            policies.shows_organisations,
            waiting=policies.count_acting,
        )
        desk.register(_("Audit log"), "people:audit", _("Who did what, and what was refused."), 92, policies.shows_audit)
