from django.urls import path

from funding.site.reports import views

app_name = "reports"
urlpatterns = [
    path("reports/<slug:slug>/", views.ReportList.as_view(), name="months"),
    path("reports/<slug:slug>/<str:month>.csv", views.MonthCsv.as_view(), name="month-csv"),
    path("reports/<slug:slug>/<str:month>/", views.MonthReport.as_view(), name="month"),
]
