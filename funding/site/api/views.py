"""The door of the API, its description for programs, and the same for people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.generic import TemplateView, View
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from funding.api.errors import PROBLEMS
from funding.api.permissions import SCOPES
from funding.api.views import Base
from funding.site.api import schema
from funding.site.api.routes import ROUTES


class Root(Base):
    """Everything that the API offers."""

    title = gettext_noop("The API")

    @extend_schema(responses={200: {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}})
    def retrieve(self, request: Any) -> Response:
        """Where everything is."""
        listed = [route for route in ROUTES if route.alone or hasattr(route.view, "list")]
        found = {route.path: reverse(f"api:{route.name}" if route.alone else f"api:{route.name}-list") for route in listed}
        found |= {"schema": reverse("api:schema"), "docs": reverse("api:docs")}
        return Response({name: f"{settings.BASE_URL}{address}" for name, address in found.items()})


class Schema(View):
    """OpenAPI 3 as JSON."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse(schema.whole(), content_type="application/vnd.oai.openapi+json")


class Docs(TemplateView):
    """The description as a page: every address with its parameters and scope, and what each problem means."""

    template_name = "site/api/docs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            groups=groups(),
            scopes=[(scope, _(words)) for scope, words in SCOPES.items()],
            problems=PROBLEMS.values(),
            base=settings.BASE_URL,
            **kwargs,
        )


def groups() -> list[tuple[str, list[dict[str, Any]]]]:
    """The operations by resource, in the order of the table of addresses."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema.whole()["paths"].items():
        for method, operation in methods.items():
            needed = [{} not in operation.get("security", [{}])]
            found.setdefault(_(operation["tags"][0]), []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "words": operation.get("description", ""),
                    "scope": operation["x-scope"],
                    "signed_in": needed[0],
                    "parameters": [it for it in operation.get("parameters", []) if it["in"] == "query"],
                    "sends": _fields(operation),
                }
            )
    return list(found.items())


def _fields(operation: dict[str, Any]) -> SafeString:
    """What a write takes: each name with its kind, and whether it may be left out. The kinds are JSON's own words."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    shape = schema.whole()["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], body)
    found = []
    for name, it in shape.get("properties", {}).items():
        kind = format_html('<span lang="en" translate="no">{}</span>', it.get("format") or it.get("type", ""))
        found.append((name, kind if name in shape.get("required", []) else format_html(_("{kind}, optional"), kind=kind)))
    return format_html_join(", ", "<code>{}</code> ({})", found)
