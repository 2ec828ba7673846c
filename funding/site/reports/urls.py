from django.urls import path

from funding.site.reports import views

app_name = "reports"
urlpatterns = [
    path("desk/periods/", views.Period.as_view(), name="period"),
    path("desk/periods/<str:day>/close/", views.ClosePeriod.as_view(), name="period-close"),
    path("reports/<slug:slug>/", views.ReportList.as_view(), name="months"),
    path("reports/<slug:slug>/<str:month>.csv", views.MonthCsv.as_view(), name="month-csv"),
    path("reports/<slug:slug>/<str:month>/", views.MonthReport.as_view(), name="month"),
]
