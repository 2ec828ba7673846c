from django.urls import include, path
from rest_framework.routers import SimpleRouter

from funding.site.api import tokens, views
from funding.site.api.routes import ROUTES

router = SimpleRouter(use_regex_path=False)
for route in ROUTES:
    if not route.alone:
        router.register(route.path, route.view, basename=route.name)

tokens_urls = (
    [
        path("", tokens.TokenList.as_view(), name="list"),
        path("new/", tokens.NewToken.as_view(), name="new"),
        path("<slug:key>/revoke/", tokens.RevokeToken.as_view(), name="revoke"),
    ],
    "tokens",
)
api_urls = (
    [
        path("", views.Root.as_view({"get": "retrieve"}), name="root"),
        path("schema/", views.Schema.as_view(), name="schema"),
        path("docs/", views.Docs.as_view(), name="docs"),
        *[path(f"{it.path}/", it.view.as_view({"get": "retrieve"}), name=it.name) for it in ROUTES if it.alone],
        *router.urls,
    ],
    "api",
)
urlpatterns = [
    path("profile/tokens/", include(tokens_urls)),
    path("api/v1/", include(api_urls)),
]
