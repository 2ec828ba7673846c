from django.apps import AppConfig


class ProposalsConfig(AppConfig):
    name = "grants.proposals"
    label = "proposals"
