from django.urls import URLPattern, URLResolver

app_name = "tiers"
urlpatterns: list[URLPattern | URLResolver] = []
