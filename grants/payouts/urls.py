from django.urls import path

from grants.payouts.views import cosign, debts, own, payees, runs, taxes

app_name = "payouts"
urlpatterns = [
    path("payouts/", own.IndexView.as_view(), name="index"),
    path("payouts/account/", own.AccountView.as_view(), name="account"),
    path("payouts/account/return/", own.AccountReturnView.as_view(), name="account_return"),
    path("payouts/account/<int:party_id>/", own.AccountStartView.as_view(), name="account_start"),
    path("payouts/account/<int:party_id>/again/", own.AccountAgainView.as_view(), name="account_again"),
    path("payouts/signers/", payees.SignersView.as_view(), name="signers"),
    path("payouts/tax/", taxes.TaxesView.as_view(), name="taxes"),
    path("payouts/payees/", payees.PayeesView.as_view(), name="payees"),
    path("payouts/payees/frozen/<int:pk>/", payees.LiftView.as_view(), name="lift"),
    path("payouts/cosign/<str:token>/", cosign.CosignView.as_view(), name="cosign"),
    path("payouts/not-me/<str:token>/", payees.FreezeView.as_view(), name="freeze"),
    path("payouts/runs/new/", runs.PrepareView.as_view(), name="prepare"),
    path("payouts/runs/<int:number>/", runs.RunView.as_view(), name="run"),
    path("payouts/runs/<int:number>/release/", runs.ReleaseView.as_view(), name="release"),
    path("payouts/runs/<int:number>/cancel/", runs.CancelView.as_view(), name="cancel"),
    path("payouts/<str:ref>/", own.PayoutView.as_view(), name="payout"),
    path("payouts/<str:ref>/cancel-debt/", debts.AskView.as_view(), name="debt_ask"),
    path("payouts/<str:ref>/cancel-debt/decide/", debts.DecideView.as_view(), name="debt_decide"),
    path("payouts/<str:ref>/withhold/", taxes.WithholdView.as_view(), name="withhold"),
    path("payouts/<str:ref>/retry/", own.RetryView.as_view(), name="retry"),
]
