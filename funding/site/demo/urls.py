from django.urls import path

from funding.site.demo import views

app_name = "demo"
urlpatterns = [
    path("become/", views.Become.as_view(), name="become"),
    path("people/", views.People.as_view(), name="people"),
    path("fold/", views.Fold.as_view(), name="fold"),
    path("start/", views.Start.as_view(), name="start"),
    path("advance/", views.Advance.as_view(), name="advance"),
    path("processor/", views.Processor.as_view(), name="processor"),
    path("processor/end/", views.EndBadDay.as_view(), name="end-bad-day"),
    path("mail/", views.MailList.as_view(), name="mail"),
    path("mail/<int:pk>/", views.MailDetail.as_view(), name="message"),
]
