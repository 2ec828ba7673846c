from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "funding.mail"
    label = "mail"

    def ready(self) -> None:
        from funding.mail import receivers  # noqa: F401  (connects the receivers)
