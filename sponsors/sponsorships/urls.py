from django.urls import URLPattern, URLResolver

app_name = "sponsorships"
urlpatterns: list[URLPattern | URLResolver] = []
