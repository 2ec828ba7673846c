"""The admin shows rows and changes none: staff act on the site's own pages, where the rules are."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

_closed: list[Callable[[HttpRequest], set[str]]] = []


def register_closed(subjects: Callable[[HttpRequest], set[str]]) -> None:
    """`subjects(request)` names what is closed to this reader, as subjects of roles and of the audit log are written."""
    if subjects not in _closed:
        _closed.append(subjects)


class InspectionAdmin(admin.ModelAdmin):
    """`closed_by` is the field that names the subject of a row: rows about what a reader stepped back from are not there for them."""

    closed_by = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request)
        if not self.closed_by:
            return found
        return found.exclude(**{f"{self.closed_by}__in": {name for subjects in _closed for name in subjects(request)}})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
