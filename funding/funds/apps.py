from django.apps import AppConfig


class FundsConfig(AppConfig):
    name = "funding.funds"
    label = "funds"

    def ready(self) -> None:
        from funding import appendonly
        from funding.funds import policies
        from funding.funds.models import Project
        from funding.funds.views import reserve
        from funding.people import subjects
        from funding.web import desk

        appendonly.protect("funds_linereservation")
        subjects.register(lambda: [(project.subject, f"Project {project.name}") for project in Project.objects.all()])
        desk.register("Projects", "funds:projects", "What a project says, its days a month and its day rate.", 60, policies.shows_projects)
        desk.register("Reserve", "funds:reserve", "What stands behind refunds and disputes.", 47, reserve.shows, waiting=reserve.waiting)
