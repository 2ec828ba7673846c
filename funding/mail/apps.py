from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class MailConfig(AppConfig):
    name = "funding.mail"
    label = "mail"

    def ready(self) -> None:
        from funding.mail import receivers, services  # noqa: F401  (connects the receivers)
        from funding.web import attention

        attention.register("mail", gettext_lazy("Mails that could not be sent"), services.parked, order=50)
