from django.apps import AppConfig


class GoalsConfig(AppConfig):
    name = "sponsors.goals"
    label = "goals"
