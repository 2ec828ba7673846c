"""The OpenAPI description: written from the views, with what REST framework cannot know of ours added to each operation."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.translation import override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from funding.api.errors import MEDIA_TYPE, PROBLEMS
from funding.api.permissions import READ, SCOPES
from funding.api.views import KEY, LONGEST_KEY

ALWAYS = ("malformed", "signed-out", "refused", "not-found", "method", "not-acceptable", "invalid", "throttled", "unavailable")
OF_WRITES = ("conflict", "too-large", "media-type")
SAFE = {"GET", "HEAD", "OPTIONS"}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["pointer", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the token is sent, for readers of the schema."""

    target_class = "funding.site.api.authentication.TokenAuthentication"
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        scopes = ", ".join(f"{scope} ({words.lower()})" for scope, words in SCOPES.items())
        return {"type": "http", "scheme": "bearer", "description": f"A token of your own from your profile. Scopes: {scopes}."}


class Operations(AutoSchema):
    """Adds problems to every operation, the idempotency key and the scope to writes, and the filters of a list."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        writing = self.method not in SAFE
        responses = operation["responses"]
        if self.method == "GET":
            responses["304"] = {"description": "It did not change since the ETag that you sent in If-None-Match."}
        for code in (*ALWAYS, *(OF_WRITES if writing else ())):
            responses[str(PROBLEMS[code].status)] = {"$ref": f"#/components/responses/{code}"}
        operation["responses"] = dict(sorted(responses.items()))
        scope = getattr(getattr(self.view, self.view.action, None), "scope", "") if writing else READ
        operation["x-scope"] = scope
        return operation

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = list(super().get_override_parameters())
        if self.method not in SAFE:
            described = f"Your own name for this write, up to {LONGEST_KEY} ASCII characters. A repeat is answered as the first time."
            shape = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}
            found.append(OpenApiParameter(KEY, shape, OpenApiParameter.HEADER, required=True, description=described))
        elif getattr(self.view, "action", "") == "list":
            for name in getattr(self.view, "filters", {}):
                found.append(OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=f"Only those of this {name}."))
        return found

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Reading what is nobody's own needs no account."""
        found: list[dict[str, list[str]]] = super().get_auth()
        return [*found, {}] if self.method in SAFE and not getattr(self.view, "signed_in", False) else found

    def get_tags(self) -> list[str]:
        return [self.view.title]

    def _get_paginator(self) -> Any:
        """Only a list has pages; a write that answers several rows has none."""
        return super()._get_paginator() if getattr(self.view, "action", "") == "list" else None  # type: ignore[no-untyped-call]


def add_problem(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's last step: the one body that every error has, and each kind of it."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    result["components"]["responses"] = {
        code: {"description": f"{problem.title}. {problem.meaning}", "content": {MEDIA_TYPE: shape}} for code, problem in PROBLEMS.items()
    }
    return result


@lru_cache(maxsize=1)
@override(None)
def whole() -> dict[str, Any]:
    """The description of this version. It depends on the code alone and is never translated, so each process makes it once."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found
