from django.urls import path

from grants.timesheets import views

app_name = "timesheets"
urlpatterns = [
    path("days/", views.WeekView.as_view(), name="week"),
    path("days/approvals/", views.ApprovalsView.as_view(), name="approvals"),
    path("days/approvals/<str:ref>/", views.ApproveView.as_view(), name="approve"),
    path("days/<str:ref>/", views.EntryView.as_view(), name="entry"),
    path("days/<str:ref>/withdraw/", views.WithdrawView.as_view(), name="withdraw"),
    path("engagements/", views.EngagementsView.as_view(), name="engagements"),
    path("engagements/<str:ref>/", views.EngagementView.as_view(), name="engagement"),
    path("engagements/<str:ref>/end/", views.EndView.as_view(), name="end"),
]
