from django.urls import path

from sponsors.tiers import views

app_name = "tiers"
urlpatterns = [
    path("projects/<slug:slug>/tiers/", views.TierList.as_view(), name="list"),
    path("projects/<slug:slug>/tiers/new/", views.NewTier.as_view(), name="new"),
    path("projects/<slug:slug>/tiers/<int:pk>/edit/", views.EditTier.as_view(), name="edit"),
    path("projects/<slug:slug>/tiers/<int:pk>/publish/", views.PublishTier.as_view(), name="publish"),
    path("projects/<slug:slug>/tiers/<int:pk>/retire/", views.RetireTier.as_view(), name="retire"),
]
