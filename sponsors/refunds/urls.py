from django.urls import path

from sponsors.refunds.views import asking, reading

app_name = "refunds"
urlpatterns = [
    path("desk/refunds/", reading.Index.as_view(), name="index"),
    path("desk/refunds/new/<str:payment>/", asking.Ask.as_view(), name="ask"),
    path("desk/refunds/<str:ref>/", reading.RefundPage.as_view(), name="refund"),
    path("desk/refunds/<str:ref>/approve/", asking.Approve.as_view(), name="approve"),
    path("desk/refunds/<str:ref>/decline/", asking.Decline.as_view(), name="decline"),
    path("desk/disputes/<str:ref>/", reading.DisputePage.as_view(), name="dispute"),
]
