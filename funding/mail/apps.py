from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "funding.mail"
    label = "mail"
