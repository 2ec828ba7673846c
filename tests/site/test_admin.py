"""The inspection admin: every table is listed, searched and led to where it is acted on, and nothing can be written by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from funding.web.admin import InspectionAdmin
from tests.site.world import World

OURS = [model for model in apps.get_models() if model.__module__.partition(".")[0] in {"funding", "sponsors", "grants"}]
LISTED = sorted(admin.site._registry, key=lambda model: model._meta.label)
MOST_QUERIES = 12
"""Of one list: the session, the reader, their factors, what is closed to them, the filters and the page itself."""


def address(model: type[Model], what: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_table_of_ours_is_listed_and_can_be_searched(model: type[Model]) -> None:
    assert admin.site.is_registered(model)
    assert admin.site.get_model_admin(model).search_fields


def test_whatever_is_listed_can_only_be_looked_at() -> None:
    assert [model._meta.label for model in LISTED if not isinstance(admin.site.get_model_admin(model), InspectionAdmin)] == []


def test_every_list_and_row_opens_leads_to_a_page_and_takes_few_queries(world: World) -> None:
    staff = world.browser("installer")
    wrong: list[str] = []
    for model in LISTED:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = staff.get(address(model, "changelist"), {"q": "a"})
        if page.status_code != 200 or len(queries) > MOST_QUERIES:
            wrong.append(f"{model._meta.label}: {page.status_code}, {len(queries)} queries")
        every = staff.get(address(model, "changelist"))
        row = model._default_manager.first()
        if row is None:
            continue
        shown = staff.get(address(model, "change", row.pk))
        desk = admin.site.get_model_admin(model).desk(row)  # type: ignore[attr-defined]
        resolve(desk)
        if every.status_code != 200 or shown.status_code != 200 or desk not in shown.content.decode():
            wrong.append(f"{model._meta.label}: {every.status_code}, {shown.status_code}, {desk}")
    assert wrong == []


def test_nothing_is_added_changed_or_deleted_here(world: World) -> None:
    staff = world.browser("installer")
    wrong: list[str] = []
    for model in LISTED:
        row = model._default_manager.first()
        tries = [address(model, "add")]
        tries += [address(model, "change", row.pk), address(model, "delete", row.pk)] if row is not None else []
        before = model._default_manager.count()
        staff.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": "1", "post": "yes"})
        answers = [staff.post(tried, {"post": "yes"}).status_code for tried in tries]
        if set(answers) != {403} or model._default_manager.count() != before:
            wrong.append(f"{model._meta.label}: {answers}")
    assert wrong == []


def test_hidden_fields_are_neither_searched_nor_guessed_by_an_address(world: World) -> None:
    """`?choice=for` would tell a sealed vote, and `?body__startswith=…` a mail, letter by letter."""
    staff = world.browser("installer")
    told: list[str] = []
    for model in LISTED:
        inspection = admin.site.get_model_admin(model)
        for name in inspection.exclude or ():
            if any(field.split("__")[0] == name for field in inspection.search_fields):
                told.append(f"{model._meta.label}.{name} is searched")
            told += [
                f"{model._meta.label}.{name}: {asked}"
                for asked in (name, f"{name}__startswith", f"{name}__isnull")
                if staff.get(address(model, "changelist"), {asked: "1"}).status_code == 200
            ]
    assert told == []


def test_nobody_else_gets_in(world: World) -> None:
    for who in ("nobody", "treasurer", "admin"):
        assert world.browser(who).get(reverse("admin:index")).status_code in {302, 403}
