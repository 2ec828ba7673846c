"""The site's addresses as a demo has them, for tests that run without DEMO=1."""

from django.urls import include, path

from funding.urls import handler400, handler403, handler404, handler500
from funding.urls import urlpatterns as site

urlpatterns = [*site, path("components/", include("funding.components.samples.urls"))]

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
