from django.urls import URLPattern, URLResolver

app_name = "rates"
urlpatterns: list[URLPattern | URLResolver] = []
