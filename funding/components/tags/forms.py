"""How a field and its errors are drawn. Every `{{ form }}` of the site comes through `field.html` and these tags."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding.components import markdown

register = template.Library()


def anchor(bound: BoundField) -> str:
    """The id to jump to: the control, or the first of a group of radios or checkboxes."""
    first = bound.field.widget.id_for_label(bound.auto_id or "")
    if not first and isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return f"{bound.auto_id}_0"
    return first or bound.auto_id or ""


@register.filter
def error_words(bound: BoundField) -> list[str]:
    """The messages of a field. One that only says that a field is required says which, and what to do."""
    empty = str(forms.Field.default_error_messages["required"])
    if isinstance(bound.field.widget, forms.CheckboxInput):
        words = _("Tick “{label}” to go on.").format(label=bound.label)
    elif isinstance(bound.field, forms.ChoiceField | forms.FileField):
        words = _("“{label}”: nothing is chosen yet.").format(label=bound.label)
    else:
        words = _("“{label}” is empty.").format(label=bound.label)
    return [words if str(text) == empty else str(text) for text in bound.errors]


def problems(form: forms.BaseForm) -> list[dict[str, str]]:
    """Each message once, in the order of the fields, with where it leads. Messages of the whole form come first."""
    found = [{"text": str(text), "href": ""} for text in form.non_field_errors()]
    for bound in form:
        href = "" if bound.is_hidden else f"#{anchor(bound)}"
        found += [{"text": text, "href": href} for text in error_words(bound)]
    return found


@register.inclusion_tag("components/error_summary.html")
def error_summary(*sources: forms.BaseForm | forms.BaseFormSet[Any] | None) -> dict[str, Any]:
    """The box at the top of a page whose form came back: the same words as beside the fields, each a link to its field."""
    listed: list[dict[str, str]] = []
    for source in sources:
        members = source.forms if isinstance(source, forms.BaseFormSet) else [source]
        if isinstance(source, forms.BaseFormSet):
            listed += [{"text": str(text), "href": ""} for text in source.non_form_errors()]
        for form in members:
            if isinstance(form, forms.BaseForm) and form.is_bound:
                listed += problems(form)
                form.summary_shown = True  # form.html then leaves its own out
    heading = ngettext("There is a problem", "There are {n} problems", len(listed))
    return {"problems": listed, "heading": heading.format(n=len(listed))}


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """One field with its label, hint, errors and control, for a form laid out by hand."""
    return bound.as_field_group()


@register.filter
def control_kind(bound: BoundField) -> str:
    """`check` for one box, `group` for radios and several boxes, `control` for everything else."""
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    return "group" if widget.use_fieldset else "control"


@register.filter
def most_characters(bound: BoundField) -> str:
    """The limit of a long text (`20,000`), to print with its hint. Short fields keep theirs to themselves."""
    limit = getattr(bound.field, "max_length", None)
    return f"{limit:,}" if limit and isinstance(bound.field.widget, forms.Textarea) else ""


@register.filter(name="markdown")
def markdown_filter(text: str, top: int = 3) -> SafeString:
    """`{{ proposal.plan|markdown }}`: CommonMark without HTML or pictures. `|markdown:2` where no `h2` stands above it."""
    return markdown.render(text, top)
