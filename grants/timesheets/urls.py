from django.urls import URLPattern, URLResolver

app_name = "timesheets"
urlpatterns: list[URLPattern | URLResolver] = []
