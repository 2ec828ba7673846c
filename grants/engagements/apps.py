from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    name = "grants.engagements"
    label = "engagements"

    def ready(self) -> None:
        from grants.engagements import receivers  # noqa: F401  (connects the receivers)
