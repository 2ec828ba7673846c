from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "funding.audit"
    label = "audit"
