from django.urls import path

from funding.site.recovery import views

app_name = "recovery"
urlpatterns = [
    path("desk/waiting/", views.Waiting.as_view(), name="waiting"),
    path("desk/waiting/jobs/<int:pk>/again/", views.TroubleAgain.as_view(), name="trouble-again"),
    path("desk/waiting/jobs/<int:pk>/close/", views.TroubleClose.as_view(), name="trouble-close"),
    path("desk/waiting/mails/<int:pk>/again/", views.MailAgain.as_view(), name="mail-again"),
    path("desk/waiting/mails/<int:pk>/close/", views.MailClose.as_view(), name="mail-close"),
]
