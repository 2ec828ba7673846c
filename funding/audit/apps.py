from django.apps import AppConfig

from funding import appendonly


class AuditConfig(AppConfig):
    name = "funding.audit"
    label = "audit"

    def ready(self) -> None:
        appendonly.protect("audit_record")
