from django.urls import path

from funding.site.setup import views

app_name = "setup"
urlpatterns = [
    path("setup/", views.Tasks.as_view(), name="list"),
    path("setup/mail/", views.SendMail.as_view(), name="mail"),
    path("setup/mail/code/", views.TypeCode.as_view(), name="mail-code"),
]
