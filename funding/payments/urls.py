from django.urls import path

from funding.payments import cash_views, processor_views, views

app_name = "payments"
urlpatterns = [
    path("webhooks/stripe/", views.webhook, name="webhook"),
    path("payments/reconciliation/", views.Comparison.as_view(), name="reconciliation"),
    path("payments/reconciliation/now/", views.CompareNow.as_view(), name="reconcile-now"),
    path("payments/reconciliation/<int:pk>/explain/", views.ExplainDifference.as_view(), name="difference-explain"),
    path("desk/processor/", processor_views.Processor.as_view(), name="processor"),
    path("desk/processor/probe/", processor_views.Replay.as_view(), name="probe"),
    path("desk/processor/bank/", processor_views.NameBank.as_view(), name="bank"),
    path("desk/cash/", cash_views.Cash.as_view(), name="cash"),
    path("desk/cash/move/", cash_views.Move.as_view(), name="cash-move"),
    path("desk/inbox/", views.Inbox.as_view(), name="inbox"),
    path("desk/inbox/<int:pk>/replay/", views.Replay.as_view(), name="inbox-replay"),
    path("desk/inbox/<int:pk>/close/", views.Close.as_view(), name="inbox-close"),
]
