from django.urls import path

from funding.components.samples import views

app_name = "components"
urlpatterns = [
    path("", views.Index.as_view(), name="index"),
    path("<slug:slug>/", views.Page.as_view(), name="sample"),
    path("<slug:slug>/page/", views.Whole.as_view(), name="page"),
]
