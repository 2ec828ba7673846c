from django.apps import AppConfig


class CommitteeConfig(AppConfig):
    name = "grants.committee"
    label = "committee"
