"""The base of every resource, and how a write is done once.

class Projects(Resource):
    serializer_class = ProjectOut
    lookup_field = "slug"

    def get_queryset(self):
        return policies.visible_projects(self.request.user)

routes = [Route("projects", Projects, "project")]
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import mixins, serializers
from rest_framework.exceptions import ParseError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from funding.api.errors import KeyReused
from funding.web import submissions, throttle
from funding.web.views import client_address

KEY = "Idempotency-Key"
KEYS = uuid.UUID("6f1d3c1e-6a54-4f0c-9a0c-4b8d5c0f7f11")
LONGEST_KEY = 200
MOST_DIGITS = 18
MINUTE = dt.timedelta(minutes=1)
STRANGERS = throttle.Limit("api-network", 300, MINUTE)
PEOPLE = throttle.Limit("api-person", 900, MINUTE)
WRITES = throttle.Limit("api-writes", 60, MINUTE)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a resource is: the roof makes addresses of these, named `api:<name>-list` and `api:<name>-detail`.

    `alone`: there is one such thing, and it is at `path` itself, named `api:<name>`.
    """

    path: str
    view: type[Base]
    name: str
    alone: bool = False


class Base(GenericViewSet):
    """`signed_in`: it is somebody's own, so nobody else gets further than 401. `filters`: query parameter → lookup of rows.

    `numbered`: what names a row in its address is a number. `sent_as`: a field as services name it → as programs send it.
    """

    metadata_class = None  # the schema says it all, so OPTIONS is a method that no address takes
    signed_in = False
    numbered = False
    filters: ClassVar[dict[str, str]] = {}
    sent_as: ClassVar[dict[str, str]] = {}
    title = ""

    def perform_authentication(self, request: Any) -> None:
        """Counted as soon as it is known who asks, so that what is refused counts too, a wrong token above all."""
        who = None
        try:
            super().perform_authentication(request)
            who = request.user.pk
        finally:
            self.count(request, who)

    def count(self, request: Any, who: int | None) -> None:
        """The limits of the whole site, counted in one place. Whoever is known is counted by person, everybody else by network."""
        if who is None:
            STRANGERS.hit(throttle.network(client_address(request)))
            return
        PEOPLE.hit(str(who))
        if request.method not in SAFE_METHODS:
            WRITES.hit(str(who))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        text = serializers.CharField(max_length=100)
        for name, lookup in self.filters.items():
            if name in self.request.query_params:
                try:
                    value = text.run_validation(self.request.query_params[name])
                except serializers.ValidationError as error:
                    raise serializers.ValidationError({name: error.detail}) from error
                queryset = queryset.filter(**{lookup: value})
        return queryset

    def get_object(self) -> Any:
        """The row of the address among those that this reader may see; for everything else there is nothing here."""
        return self.find(self.kwargs[self.lookup_field])

    def find(self, key: str) -> Any:
        rows: QuerySet[Model] = self.get_queryset()
        if self.numbered and not (key.isascii() and key.isdigit() and len(key) <= MOST_DIGITS):
            raise Http404
        if (row := rows.filter(**{self.lookup_field: key}).first()) is None:
            raise Http404
        return self.prepare([row])[0]

    def paginate_queryset(self, queryset: QuerySet[Any]) -> Any:
        found = super().paginate_queryset(queryset)
        return None if found is None else self.prepare(found)

    def prepare(self, rows: list[Any]) -> list[Any]:
        """The rows of one page as the serializer takes them: the place to read in one go what belongs to all of them."""
        return rows

    def read(self, row: Any, status: int = 200) -> Response:
        """One row, as `retrieve` shows it."""
        return Response(self.get_serializer(row).data, status=status)

    def sent(self, kind: type[serializers.Serializer], **kwargs: Any) -> dict[str, Any]:
        """What was sent, checked for its form. Raises ValidationError with pointers."""
        found = kind(data=self.request.data, context=self.get_serializer_context(), **kwargs)
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)


class Reading(mixins.RetrieveModelMixin, Base):
    """One thing at an address, without a list."""


class Resource(mixins.ListModelMixin, mixins.RetrieveModelMixin, Base):
    """A list and its rows."""


class Listing(mixins.ListModelMixin, Base):
    """A list whose rows have no address of their own."""


def writes(scope: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Wrap the handler of an unsafe method: it needs `scope` and an Idempotency-Key, and calls one audited service.

    A repeat with the same key and the same content is answered as the first time (`Idempotent-Replayed: true`). Other content
    is a KeyReused. What failed or was refused frees the key.
    """

    def decorate(handler: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(handler)
        def run(view: Base, request: Any, *args: Any, **kwargs: Any) -> Response:
            token, content = _key(request), hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()

            def act() -> dict[str, Any]:
                answer = handler(view, request, *args, **kwargs)
                return {"status": answer.status_code, "data": json.loads(JSONRenderer().render(answer.data))}

            try:
                answer, again = submissions.answer_once(token=token, user_id=request.user.pk, path=request.path, digest=content, act=act)
            except submissions.OtherContent as error:
                raise KeyReused(error.message) from error
            return Response(answer["data"], status=answer["status"], headers={"Idempotent-Replayed": "true"} if again else None)

        run.scope = scope
        return run

    return decorate


def _key(request: Any) -> uuid.UUID:
    """A person's own name for one write, as the token under which it is kept."""
    key = request.headers.get(KEY, "")
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        words = _("Send the header {header}: a text of your own, up to {longest} ASCII characters, new for each write.")
        raise ParseError(words.format(header=KEY, longest=LONGEST_KEY))
    return uuid.uuid5(KEYS, f"{request.user.pk}:{key}")
