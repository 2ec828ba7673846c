from django.urls import path

from funding.funds import views

app_name = "funds"
urlpatterns = [
    path("desk/projects/", views.ProjectList.as_view(), name="projects"),
    path("desk/projects/new/", views.NewProject.as_view(), name="project-new"),
    path("desk/projects/<slug:slug>/edit/", views.EditProject.as_view(), name="project-edit"),
    path("desk/projects/<slug:slug>/open/", views.OpenProject.as_view(), name="project-open"),
    path("desk/projects/<slug:slug>/pause/", views.PauseProject.as_view(), name="project-pause"),
]
