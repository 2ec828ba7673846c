from django.urls import path

from funding.funds.views import projects, reserve

app_name = "funds"
urlpatterns = [
    path("desk/projects/", projects.ProjectList.as_view(), name="projects"),
    path("desk/projects/new/", projects.NewProject.as_view(), name="project-new"),
    path("desk/projects/<slug:slug>/edit/", projects.EditProject.as_view(), name="project-edit"),
    path("desk/projects/<slug:slug>/open/", projects.OpenProject.as_view(), name="project-open"),
    path("desk/projects/<slug:slug>/pause/", projects.PauseProject.as_view(), name="project-pause"),
    path("desk/reserve/", reserve.Reserve.as_view(), name="reserve"),
    path("desk/reserve/new/", reserve.Ask.as_view(), name="reserve-ask"),
    path("desk/reserve/<int:pk>/approve/", reserve.Approve.as_view(), name="reserve-approve"),
    path("desk/reserve/<int:pk>/withdraw/", reserve.Withdraw.as_view(), name="reserve-withdraw"),
]
