"""One way through every list: by a cursor over the rows' keys, newest first, so that nothing is skipped or shown twice."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination

LARGEST = 2**63 - 1


class Pages(CursorPagination):
    """`?cursor=` is opaque and comes from `next` and `previous`; `?page_size=` is at most 100. There are no totals."""

    page_size = 50
    max_page_size = 100
    page_size_query_param = "page_size"
    ordering = "-pk"

    def decode_cursor(self, request: Any) -> Cursor | None:
        """A position is a key. One that was made up is no page, and reaches no query."""
        found = super().decode_cursor(request)
        if found is None or found.position is None:
            return found
        if not found.position.isascii() or not found.position.isdigit() or int(found.position[:25]) > LARGEST:
            raise NotFound(self.invalid_cursor_message)
        return found

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "properties": properties, "required": list(properties)}
