"""The same answer for people: a table or a list of facts in our own look, with the JSON below it. No script, nothing from elsewhere."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer

from funding.components.parts import Column, Link, Table
from funding.money import Money

MOST = 8
"""Columns of a table; the JSON below has the rest."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
OWN_ADDRESSES = {"url", "page"}


class Page(BrowsableAPIRenderer):
    """A page of ours in place of REST framework's own."""

    media_type = "text/html"
    format = "html"
    template = "site/api/resource.html"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None) -> str:
        context = dict(renderer_context or {})
        view, request, response = context["view"], context["request"], context["response"]
        plain = json.loads(JSONRenderer().render(data)) if data is not None else {}
        name = title(view)
        found: dict[str, Any] = {
            "title": name,
            "path": request.path,
            "json": linked(json.dumps(plain, indent=2, ensure_ascii=False)),
            "as_json": _with_format(request),
            "about": about(view),
            "up": "",
        }
        if response.status_code >= 400:
            found |= {"problem": plain, "title": plain.get("title", name)}
        elif isinstance(plain, dict) and isinstance(plain.get("results"), list):
            found |= {"table": table(plain["results"], name), "next": plain.get("next"), "previous": plain.get("previous")}
        elif isinstance(plain, dict):
            facts, tables = parts(plain)
            found |= {"facts": facts, "tables": tables}
            if view.kwargs:
                key = str(list(view.kwargs.values())[-1])
                found["title"] = f"{name}: {key}" if key.isdigit() else key
                found |= {"name": name, "up": request.path.removesuffix(f"{key}/") if hasattr(view, "list") else ""}
        return render_to_string(self.template, found, request=request._request)


def title(view: Any) -> str:
    """What the resource is called. In the description for programs its title is not translated."""
    return _(view.title) if getattr(view, "title", "") else _("The API")


def about(view: Any) -> str:
    """What the handler answers, in its own words, or of a list what the resource holds."""
    own = getattr(getattr(view, view.action or "", None), "__doc__", "") or ("" if view.kwargs else type(view).__doc__)
    return " ".join((own or "").strip().split("\n\n")[0].split())


def label(key: str) -> str:
    return key.replace("_", " ").capitalize()


def is_sum(value: Any) -> bool:
    return isinstance(value, dict) and "text" in value


def cell(value: Any) -> Any:
    """One value of a table or of a fact; None for what is drawn elsewhere."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if is_sum(value):
        return Money(value["amount"], value["currency"]) if "currency" in value else value["text"]
    if isinstance(value, dict):
        words = str(next((value[key] for key in ("name", "title", "text", "ref", "slug") if value.get(key)), ""))
        return Link(words, value["url"]) if value.get("url") and words else words
    if isinstance(value, list):
        return ", ".join(str(item) for item in value if not isinstance(item, dict | list))
    if isinstance(value, str) and value.startswith(settings.BASE_URL):
        return Link(value.removeprefix(settings.BASE_URL), value)
    return value if value is None else moment(str(value))


def moment(text: str) -> dt.date | str:
    """A day or an instant as a page writes it; everything else, and what only looks like one, is text."""
    try:
        if DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
        return dt.datetime.fromisoformat(text) if INSTANT.fullmatch(text) else text
    except ValueError:
        return text


def table(rows: Sequence[Any], caption: str) -> Table:
    """The items, one to a row; the first column leads to the item."""
    dicts = [row if isinstance(row, dict) else {"value": row} for row in rows]
    keys = [key for key in (dicts[0] if dicts else {}) if key not in OWN_ADDRESSES and _is_told(dicts, key)][:MOST]
    columns = [Column(label(key), "number" if _is_number(dicts, key) else "text") for key in keys]
    drawn = []
    for row in dicts:
        cells = [cell(row.get(key)) for key in keys]
        if cells and row.get("url") and not isinstance(cells[0], Link):
            cells[0] = Link(str(cells[0]), row["url"])
        drawn.append(cells)
    return Table(caption, columns or [Column(label(caption))], drawn, empty=_("Nothing here that you may see."))


def _is_told(rows: Sequence[dict[str, Any]], key: str) -> bool:
    """Whether some row says something under the key that a cell can hold: other items and what is empty throughout stay below."""
    nested = any(isinstance(item, dict | list) for row in rows if isinstance(row.get(key), list) for item in row[key])
    return not nested and any(cell(row.get(key)) not in (None, "") for row in rows)


def _is_number(rows: Sequence[dict[str, Any]], key: str) -> bool:
    values = [row[key] for row in rows if row.get(key) is not None]
    return bool(values) and all(is_sum(value) or (isinstance(value, int) and not isinstance(value, bool)) for value in values)


def parts(item: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], list[Table]]:
    """One item as facts, and what it holds of other items as tables."""
    facts, tables = [], []
    for key, value in item.items():
        if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            tables.append(table(value, label(key)))
        elif key != "url" and (drawn := cell(value)) not in (None, ""):
            facts.append((label(key), drawn))
    return facts, tables


def linked(text: str) -> SafeString:
    """The JSON, escaped, with addresses of this site as links."""
    own = re.escape(str(escape(settings.BASE_URL)))
    address = rf"&quot;({own}/(?:[^&<>\s]|&amp;)*)&quot;"
    return mark_safe(re.sub(address, r'&quot;<a href="\1">\1</a>&quot;', str(escape(text))))


def _with_format(request: Any) -> str:
    query = request.query_params.copy()
    query["format"] = "json"
    return f"{request.path}?{query.urlencode()}"
