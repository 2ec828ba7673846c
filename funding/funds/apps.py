from django.apps import AppConfig


class FundsConfig(AppConfig):
    name = "funding.funds"
    label = "funds"

    def ready(self) -> None:
        from funding.funds.models import Project
        from funding.people import subjects

        subjects.register(lambda: [(project.subject, f"Project {project.name}") for project in Project.objects.all()])
