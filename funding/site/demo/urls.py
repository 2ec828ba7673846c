from django.urls import path

from funding.site.demo import views

app_name = "demo"
urlpatterns = [
    path("become/", views.Become.as_view(), name="become"),
    path("advance/", views.Advance.as_view(), name="advance"),
    path("processor/", views.Processor.as_view(), name="processor"),
    path("processor/end/", views.EndBadDay.as_view(), name="end-bad-day"),
    path("mail/", views.MailList.as_view(), name="mail"),
    path("mail/<int:pk>/", views.MailDetail.as_view(), name="message"),
]
