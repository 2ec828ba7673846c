from django.urls import path

from grants.rates import views

app_name = "rates"
urlpatterns = [
    path("rates/", views.Index.as_view(), name="index"),
    path("rates/new/", views.Propose.as_view(), name="propose"),
    path("rates/<int:pk>/approve/", views.Approve.as_view(), name="approve"),
    path("rates/<int:pk>/decline/", views.Decline.as_view(), name="decline"),
    path("rates/<int:pk>/withdraw/", views.Withdraw.as_view(), name="withdraw"),
]
