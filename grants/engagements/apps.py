from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    name = "grants.engagements"
    label = "engagements"
