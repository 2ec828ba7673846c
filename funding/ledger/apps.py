from django.apps import AppConfig
from django.db.models.signals import post_migrate

from funding import appendonly


class LedgerConfig(AppConfig):
    name = "funding.ledger"
    label = "ledger"

    def ready(self) -> None:
        from funding.ledger import checks, grants, invariants

        appendonly.protect(*grants.WRITTEN_ONCE, "ledger_sealedbalance")
        post_migrate.connect(grants.install_after_migrate, sender=self, dispatch_uid="ledger.grants")
        invariants.register_all(checks.register)
