"""Programs as tests use them: a client with a person's token, and the JSON that it gets."""

from __future__ import annotations

import itertools
import json
from typing import Any

from django.test import Client

from funding.api.permissions import SCOPES
from funding.people.models import User
from funding.site.api import services

_keys = itertools.count(1)


def token(person: User, *scopes: str, factor: bool = True) -> str:
    """The secret of a new token of this person, with every scope unless some are named."""
    return services.make(actor=person, name="a script", scopes=scopes or list(SCOPES), days=30, factor_shown=factor)[1]


def program(person: User | None = None, *scopes: str) -> Client:
    """A client that sends a token of this person with each request, or none."""
    client = Client(headers={"Authorization": f"Bearer {token(person, *scopes)}"} if person else None)
    client.raise_request_exception = False
    return client


def write(client: Client, where: str, data: Any = None, *, key: str = "", method: str = "POST") -> Any:
    """Send JSON with an idempotency key, a new one unless it is given."""
    headers = {"Idempotency-Key": key or f"key-{next(_keys)}"}
    return client.generic(method, where, _json(data), content_type="application/json", headers=headers)


def _json(data: Any) -> str:
    return "" if data is None else json.dumps(data)
