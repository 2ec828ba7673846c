from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    name = "grants.engagements"
    label = "engagements"

    def ready(self) -> None:
        from grants.committee import obstacles
        from grants.engagements import policies, receivers  # noqa: F401  (connects the receivers)

        obstacles.register("approver", policies.foresee)
