"""Small parts of the page around the content: icons, crumbs, pills, and the title's “Error:”."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import QuerySet
from django.forms import BaseForm, BaseFormSet
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from funding import clock
from funding.components import formats
from funding.components.icons import ICONS
from funding.components.parts import Pill
from funding.ledger.models import Entry
from funding.people.models import Host
from funding.web import ahead

register = template.Library()

PILL_KINDS = {"", "paid", "wait", "pen", "stop"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "check" %}`. Hidden from assistive technology; words stand beside it."""
    shapes = ICONS[name]
    return mark_safe(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{shapes}</svg>')


@register.simple_tag
def pill(kind: str | Pill, text: str = "") -> SafeString:
    """`{% pill "paid" "Bank confirmed" %}` or `{% pill value %}`. Kinds: paid, wait, pen, stop, or "" for plain."""
    value = kind if isinstance(kind, Pill) else None
    name, words = (value.kind, value.text) if value else (str(kind), text)
    if name not in PILL_KINDS:
        raise template.TemplateSyntaxError(f"There is no pill of kind “{name}”.")
    return format_html('<span class="pill{}">{}</span>', f" {name}" if name else "", words)


@register.simple_tag
def crumbs(*parts: Any) -> SafeString:
    """`{% crumbs "Projects" "/projects/" "Quillon" %}`: pairs of a word and an address, then the page itself."""
    words = [str(part) for part in parts]
    links = format_html_join("", '<li><a href="{1}">{0}</a></li>', zip(words[:-1:2], words[1::2], strict=True))
    here = format_html('<li aria-current="page">{}</li>', words[-1])
    return format_html('<nav class="crumbs" aria-label="{}"><ol role="list">{}{}</ol></nav>', _("Breadcrumb"), links, here)


@register.simple_tag(takes_context=True)
def title_error(context: Context) -> str:
    """“Error: ” when any form of this page came back with errors, so that the tab and a screen reader say so first."""
    for layer in context.dicts:
        for value in layer.values():
            if isinstance(value, BaseForm | BaseFormSet) and value.is_bound and not value.is_valid():
                return f"{_('Error:')} "
    return ""


@register.simple_tag
def host() -> Host | None:
    """`{% host as host %}`: who runs this installation, for mails, which have no `daybook`. None before the first run."""
    return Host.get()


def newest_entry() -> QuerySet[Entry]:
    """What `printed` asks, for a page that looks ahead."""
    return Entry.objects.order_by("-number").only("number", "digest")[:1]


@register.inclusion_tag("components/printed.html", takes_context=True)
def printed(context: Context) -> dict[str, Any]:
    """Where and when a sheet of paper was printed, and how far the books had come. Not seen on a screen."""
    newest = next(iter(ahead.rows(newest_entry())), None)
    request = context.get("request")
    return {"address": request.build_absolute_uri(request.path) if request else "", "now": formats.instant(clock.now()), "newest": newest}


@register.inclusion_tag("components/empty.html")
def empty(heading: str, sentence: str, url: str = "", action: str = "") -> dict[str, str]:
    """`{% empty "No projects yet" "Nobody has added one." "/projects/new/" "Add a project" %}`."""
    return {"heading": heading, "sentence": sentence, "url": url, "action": action}
