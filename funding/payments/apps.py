from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "funding.payments"
    label = "payments"

    def ready(self) -> None:
        from funding.payments import policies
        from funding.web import desk

        desk.register(
            "Processor inbox",
            "payments:inbox",
            "News from the payment processor, and what could not be handled.",
            70,
            policies.shows_inbox,
            waiting=policies.parked,
        )
