from django.urls import path

from sponsors.billing.views import desk, giving, joining, signed, steps

app_name = "billing"
urlpatterns = [
    path("sponsor/", joining.Projects.as_view(), name="projects"),
    path("projects/<slug:slug>/sponsor/", joining.Choose.as_view(), name="choose"),
    path("projects/<slug:slug>/sponsor/<int:tier>/", joining.Join.as_view(), name="join"),
    path("giving/", giving.Giving.as_view(), name="giving"),
    path("giving/paid/<str:token>/", signed.Paid.as_view(), name="paid"),
    path("giving/paid/<str:token>/proof.json", signed.Proof.as_view(), name="proof"),
    path("giving/stop/<str:token>/", signed.Stop.as_view(), name="stop"),
    path("giving/card/<str:token>/", signed.Card.as_view(), name="card"),
    path("giving/pay/<str:token>/", signed.Pay.as_view(), name="pay"),
    path("giving/card-saved/<str:token>/", signed.CardSaved.as_view(), name="card-saved"),
    path("giving/<str:ref>/", giving.Plan.as_view(), name="plan"),
    path("giving/<str:ref>/receipts/<str:payment>/", giving.Receipt.as_view(), name="receipt"),
    path("desk/payments/", desk.Stuck.as_view(), name="stuck"),
    path("desk/payments/<str:ref>/look/", desk.LookAgain.as_view(), name="look"),
    path("desk/dunning/", steps.Steps.as_view(), name="steps"),
    path("desk/dunning/edit/", steps.EditSteps.as_view(), name="steps-edit"),
]
