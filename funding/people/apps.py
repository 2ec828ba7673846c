from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "funding.people"
    label = "people"

    def ready(self) -> None:
        from funding.people import policies, receivers  # noqa: F401  (connects the receivers)
        from funding.web import desk

        desk.register("The host", "people:host", "Its name, currency and share.", 90, policies.shows_people)
        desk.register("People and roles", "people:people", "Who may act where, since when, and who gave it.", 91, policies.shows_people)
        desk.register("Audit log", "people:audit", "Who did what, and what was refused.", 92, policies.shows_audit)
