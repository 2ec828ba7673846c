from django.urls import path

from funding.payments import views

app_name = "payments"
urlpatterns = [
    path("webhooks/stripe/", views.webhook, name="webhook"),
    path("payments/reconciliation/", views.Comparison.as_view(), name="reconciliation"),
    path("payments/reconciliation/now/", views.CompareNow.as_view(), name="reconcile-now"),
    path("payments/reconciliation/<int:pk>/explain/", views.ExplainDifference.as_view(), name="difference-explain"),
    path("desk/inbox/", views.Inbox.as_view(), name="inbox"),
    path("desk/inbox/<int:pk>/replay/", views.Replay.as_view(), name="inbox-replay"),
    path("desk/inbox/<int:pk>/close/", views.Close.as_view(), name="inbox-close"),
]
