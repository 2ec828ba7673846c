from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "funding.people"
    label = "people"

    def ready(self) -> None:
        from funding.people import receivers  # noqa: F401  (connects the receivers)
