"""The admin shows rows and changes none: staff act on the site's own pages, where the rules are.

Each app lists its tables in its `admin.py`, one `inspect` for each. Nothing here can write, whatever a table holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet, URLField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

_closed: list[Callable[[HttpRequest], set[str]]] = []


def register_closed(subjects: Callable[[HttpRequest], set[str]]) -> None:
    """`subjects(request)` names what is closed to this reader, as subjects of roles and of the audit log are written."""
    if subjects not in _closed:
        _closed.append(subjects)


class InspectionAdmin(admin.ModelAdmin):
    """Rows to look at. `desk` tells where a row is acted on; `closed_by` is the field that names its subject, less `closed_as`.

    Rows about what a reader stepped back from are not there for them.
    """

    desk: Callable[[Any], str]
    closed_by = ""
    closed_as = ""
    without: dict[str, Any] = {}
    actions = None
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    readonly_fields: Sequence[str] = ["acted_on"]

    @admin.display(description="Acted on at")
    def acted_on(self, row: Any) -> str:
        address = type(self).desk(row)
        return format_html('<a href="{}">{}</a>', address, address)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page offers as a filter. Django lets an address filter by every field, so hidden ones could be guessed."""
        return lookup.split("__")[0] in self.list_filter

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request).exclude(**self.without)
        if not self.closed_by:
            return found
        names = {name for subjects in _closed for name in subjects(request) if name.startswith(self.closed_as)}
        return found.exclude(**{f"{self.closed_by}__in": {name.removeprefix(self.closed_as) for name in names}})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def at(name: str, *fields: str) -> Callable[[Any], str]:
    """The page of that name, with these fields of the row in its address: `at("funds:fund", "line.fund.slug")`."""

    def address(row: Any) -> str:
        found = []
        for field in fields:
            value = row
            for step in field.split("."):
                value = getattr(value, step)
            found.append(value)
        return reverse(name, args=found)

    return address


def inspect(
    model: type[Model], columns: str, *, search: str, desk: Callable[[Any], str], hidden: str = "", filters: str = "", closed_by: str = "",
    closed_as: str = "", without: dict[str, Any] | None = None, joins: str = "", inlines: Sequence[type[admin.TabularInline]] = (),
) -> None:  # fmt: skip
    """List a table. Names of fields are given in one text each, with spaces between them.

    `hidden` are fields that staff do not see, `without` rows that nobody sees yet. `joins` is what `desk` or a column reads of
    other tables, so that a list takes one query.
    """
    keys = {field.name for field in model._meta.fields if field.is_relation}
    options = {
        "list_display": [*columns.split(), "acted_on"],
        "list_select_related": sorted({*joins.split(), *(keys & set(columns.split()))}),
        "list_filter": filters.split(),
        "search_fields": search.split(),
        "exclude": hidden.split(),
        "inlines": list(inlines),
        "desk": staticmethod(desk),
        "closed_by": closed_by,
        "closed_as": closed_as,
        "without": without or {},
        "show_full_result_count": False,
    }
    admin.site.register(model, type(f"{model.__name__}Admin", (InspectionAdmin,), options))


def inline(model_: type[Model], fields_: str, *, key: str | None = None) -> type[admin.TabularInline]:
    """The rows of another table that belong to one of these, below it."""
    names = tuple(fields_.split())
    options = {"model": model_, "fields": names, "readonly_fields": names, "fk_name": key, "can_delete": False, "extra": 0, "max_num": 0}
    return type(f"{model_.__name__}Inline", (admin.TabularInline,), options)


from funding.web.models import Draft, Submission, Trouble  # noqa: E402  (the tables of this app, after what lists them)

inspect(Submission, "token user_id at acted_at", search="token", desk=at("people:audit"), hidden="path digest result_url answer")
inspect(Draft, "user_id version saved_at", search="user_id", desk=at("people:people"), hidden="path fields")
inspect(Trouble, "job about error times first_at over_at", search="job about error", desk=at("recovery:waiting"), filters="job")
