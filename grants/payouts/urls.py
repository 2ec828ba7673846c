from django.urls import path

from grants.payouts.views import own, runs

app_name = "payouts"
urlpatterns = [
    path("payouts/", own.IndexView.as_view(), name="index"),
    path("payouts/account/", own.AccountView.as_view(), name="account"),
    path("payouts/account/return/", own.AccountReturnView.as_view(), name="account_return"),
    path("payouts/account/<int:party_id>/", own.AccountStartView.as_view(), name="account_start"),
    path("payouts/runs/new/", runs.PrepareView.as_view(), name="prepare"),
    path("payouts/runs/<int:number>/", runs.RunView.as_view(), name="run"),
    path("payouts/runs/<int:number>/release/", runs.ReleaseView.as_view(), name="release"),
    path("payouts/runs/<int:number>/cancel/", runs.CancelView.as_view(), name="cancel"),
    path("payouts/<str:ref>/", own.PayoutView.as_view(), name="payout"),
    path("payouts/<str:ref>/retry/", own.RetryView.as_view(), name="retry"),
]
