from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class PeopleConfig(AppConfig):
    name = "funding.people"
    label = "people"

    def ready(self) -> None:
        from funding.people import policies, receivers  # noqa: F401  (connects the receivers)
        from funding.web import admin, desk

        admin.register_closed(policies.closed_subjects)
        desk.register(gettext_lazy("The host"), "people:host", gettext_lazy("Its name, currency and share."), 90, policies.shows_people)
        desk.register(
            gettext_lazy("People and roles"),
            "people:people",
            gettext_lazy("Who may act where, since when, and who gave it."),
            91,
            policies.shows_people,
        )
        desk.register(
            gettext_lazy("Contested relations"),
            "people:ties",
            gettext_lazy("Ties that one declares and the other denies, for somebody tied to neither."),
            93,
            policies.shows_ties,
            waiting=policies.count_ties,
        )
        desk.register(
            gettext_lazy("Organisations"),
            "people:organisations",
            gettext_lazy("Who acts for each, and is paid for it."),
            91,
            policies.shows_organisations,
            waiting=policies.count_acting,
        )
        desk.register(
            gettext_lazy("Audit log"), "people:audit", gettext_lazy("Who did what, and what was refused."), 92, policies.shows_audit
        )
