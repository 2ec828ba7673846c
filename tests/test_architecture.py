"""The house holds: imports and foreign keys point down, siblings never meet, and no module grows past a glance.

import-linter reads the same order from pyproject.toml; this test reads it from the installed apps, so that an app which
nobody listed fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import PROTECT, Field, ForeignKey

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("funding", "sponsors", "grants")
VALUES = {"money", "days", "clock", "states", "errors", "appendonly", "fixed"}
WIRING = {"funding.settings", "funding.urls", "funding.celery", "funding.wsgi", "funding"}
ORDER = [*settings.FLOOR, *settings.MONEY_IN, *settings.WORK_OUT, *settings.ROOF]
LINES = 400
MONEY_TABLES = {"ledger", "funds", "payments", "invoices", "billing", "sponsorships", "engagements", "timesheets", "payouts"}


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports_of(name: str, path: Path) -> Iterator[str]:
    """Every module of ours that this one names, wherever in the file the import stands, relative ones resolved."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room(module: str) -> str | None:
    """The app that a module belongs to: the longest installed app name that it starts with."""
    found = [app for app in ORDER if module == app or module.startswith(f"{app}.")]
    return max(found, key=len) if found else None


def may_import(importer: str, imported: str) -> bool:
    here, there = room(importer), room(imported)
    parts = imported.split(".")
    if parts[0] not in PACKAGES or imported in PACKAGES:
        return True
    if ".fakestripe" in imported and ".fakestripe" not in importer:
        return False
    if ".fakestripe" in importer:
        return imported.startswith("funding.payments.fakestripe")
    if there is None:
        within_runtime = imported.startswith("funding.runtime") and importer.startswith("funding.runtime")
        return parts[1] in VALUES or importer in WIRING or within_runtime
    if here is None:
        return False
    if {importer.split(".")[0], parts[0]} == {"sponsors", "grants"}:
        return False
    return ORDER.index(there) <= ORDER.index(here)


def test_every_app_of_ours_has_its_place_in_the_order() -> None:
    ours = {config.name for config in apps.get_app_configs() if config.name.split(".")[0] in PACKAGES}
    assert ours == set(ORDER)


def test_imports_point_down_and_siblings_never_meet() -> None:
    wrong = [f"{name} → {imported}" for name, path in modules() for imported in imports_of(name, path) if not may_import(name, imported)]
    assert wrong == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("funding.ledger.services", "funding.funds.models.Fund"),
        ("sponsors.billing.services", "grants.rates.models"),
        ("grants.rates.models", "sponsors.tiers.models"),
        ("funding.money", "funding.people.models"),
        ("funding.people.views", "funding.mail.services"),
        ("funding.payments.gateway", "funding.payments.fakestripe.server"),
        ("funding.payments.fakestripe.server", "funding.money"),
        ("grants.proposals.services", "grants.committee.models"),
        ("funding.components.context", "funding.site.pages.views"),
    ],
)
def test_the_rule_catches_an_arrow_that_runs_up(importer: str, imported: str) -> None:
    assert not may_import(importer, imported)


def foreign_keys() -> Iterator[tuple[str, str, Field]]:
    for model in apps.get_models():
        app = model._meta.app_config.name
        for field in model._meta.get_fields():
            if app in ORDER and isinstance(field, ForeignKey):
                yield app, field.related_model._meta.app_config.name, field


def test_foreign_keys_point_down() -> None:
    wrong = [
        f"{field.model.__name__}.{field.name} → {target}"
        for app, target, field in foreign_keys()
        if target in ORDER and not may_import(app, f"{target}.models")
    ]
    assert wrong == []


def test_no_row_that_money_hangs_on_can_be_deleted_away() -> None:
    wrong = [
        f"{field.model.__name__}.{field.name}"
        for app, _, field in foreign_keys()
        if app.split(".")[-1] in MONEY_TABLES and field.remote_field.on_delete is not PROTECT
    ]
    assert wrong == []


def test_keys_across_apps_add_no_reverse_names() -> None:
    wrong = [
        f"{field.model.__name__}.{field.name}" for app, target, field in foreign_keys() if app != target and not field.remote_field.hidden
    ]
    assert wrong == []


def test_no_module_grows_past_a_glance() -> None:
    """A module over 400 lines says in its first line why."""
    long = [
        name for name, path in modules() if len(lines := path.read_text().splitlines()) > LINES and "over 400 lines because" not in lines[0]
    ]
    assert long == []


def test_every_module_with_code_opens_with_its_reason() -> None:
    """Services, gateways and the like say why they exist; Django's small wiring files need not."""
    silent = {"apps", "admin", "urls", "tasks", "views", "forms", "models", "receivers", "emails", "__main__"}
    bare = [
        name
        for name, path in modules()
        if path.name != "__init__.py"
        and path.stem not in silent
        and path.parent.name != "commands"
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert bare == []
