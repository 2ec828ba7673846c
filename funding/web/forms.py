"""The base of every form: how fields are drawn, and what a repeated or stale submit meets.

A form validates. It never calls a service, the network or another row's rules.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from functools import lru_cache
from typing import Any

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import days
from funding.errors import Invalid
from funding.money import Money

DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the text after them around. Scripts written from right to left do without them."""

NUL = "\x00"
"""Django has its own sentence for this one; two for one mistake would be one too many."""


def one_line(text: str) -> None:
    """Refuse what would break out of a line: of a table, of a mail's subject, or of the order in which it is read."""
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in text.replace(NUL, "")):
        raise ValidationError(_("Write this on one line, without tabs."))
    if DIRECTION & set(text):
        raise ValidationError(_("This holds invisible characters that turn text around. Type it again instead of pasting it."))


def can_be_seen(text: str) -> None:
    """Refuse text of nothing but spaces and characters without width, which would count as an answer and show none."""
    if NUL not in text and not any(unicodedata.category(char)[0] not in "CZ" for char in text):
        raise ValidationError(_("Nothing of this can be seen. Type it again."))


class Renderer(TemplatesSetting):
    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


BROKEN = gettext_lazy("This form did not arrive as it was sent. Load the page again and repeat what you did.")


def guard(field: forms.Field) -> None:
    """What is typed can be seen, and stays on one line where one is drawn."""
    if isinstance(field, forms.CharField) and not field.widget.is_hidden:
        field.validators.append(can_be_seen)
        if isinstance(field.widget, forms.TextInput):
            field.validators.append(one_line)


class FormMixin:
    """`once` is the token of this press; the browser's own validation bubbles are off (errors are ours, in words).

    Free text can be seen, and what is typed on one line stays on one line.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            guard(field)
        self.fields["once"] = forms.UUIDField(
            widget=forms.HiddenInput, initial=uuid.uuid4, required=False, error_messages={"invalid": BROKEN}
        )

    def add_field(self, name: str, field: forms.Field) -> None:
        """A field that is known only once the form is made, under the same guards as the others."""
        guard(field)
        self.fields[name] = field

    def refuse(self, error: Invalid) -> None:
        """Show a service's `Invalid` beside the field that it names, or at the top."""
        field = error.field if error.field in self.fields else None
        self.add_error(field, error.message)


class Form(FormMixin, forms.Form):
    """The base for plain forms."""


class ModelForm(FormMixin, forms.ModelForm):
    """The base for forms that edit one row's fields. `save` is not used; a service writes."""


class Confirm(Form):
    """A form with nothing to fill in: the button is the decision."""


class DaysField(forms.CharField):
    """Days as a person writes them (`4.5`), cleaned to whole half days (9). At most `most` half days; a form may lower it."""

    most = days.MAX_HALF_DAYS

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 24)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "class": "short", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return days.figures(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return days.parse(text, most=self.most)
        except Invalid as error:
            raise ValidationError(error.message) from error


class AmountField(forms.CharField):
    """A sum in major units, kept as text until the form knows the currency; `money(currency)` reads it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 24)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "class": "short", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.figures if isinstance(value, Money) else value

    @staticmethod
    def money(text: str, currency: str) -> Money:
        """Raises ValidationError with the sentence for the field. Sums of zero or less are refused here."""
        try:
            sum_ = Money.parse(text, currency)
        except Invalid as error:
            raise ValidationError(error.message) from error
        if sum_.amount <= 0:
            raise ValidationError(_("Enter an amount above zero."))
        return sum_


WRITTEN = gettext_lazy("Year-month-day, such as 2026-10-14.")


class DateField(forms.DateField):
    """A calendar date, written 2026-10-14, within a range that somebody could mean. Its hint says how it is written."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"class": "short", "autocomplete": "off", "placeholder": ""}, format="%Y-%m-%d"))
        kwargs.setdefault("input_formats", ["%Y-%m-%d"])
        kwargs["help_text"] = format_lazy("{} {}", kwargs["help_text"], WRITTEN) if kwargs.get("help_text") else WRITTEN
        kwargs.setdefault("error_messages", {"invalid": gettext_lazy("Enter a date as year-month-day, such as 2026-10-14.")})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> dt.date | None:
        date: dt.date | None = super().clean(value)
        if date and not 2000 <= date.year <= 2100:
            raise ValidationError(_("Enter a date between 2000 and 2100."))
        return date


NOT_COUNTRIES = {"AQ", "CP", "EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
"""Two-letter codes of the same list in which nobody lives or banks."""


@lru_cache
def countries() -> list[tuple[str, str]]:
    """Two-letter codes with their English names, A to Z."""
    names = Locale("en").territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES]
    return sorted(found, key=lambda item: item[1])


def country_name(code: str) -> str:
    """`NO` as `Norway`; a code that is not in the list as it is."""
    return dict(countries()).get(code, code)


class CountryField(forms.ChoiceField):
    """A country by its English name, cleaned to its two-letter code. Typed codes are mistaken too easily: AU is not Austria."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("choices", lambda: [("", _("Choose a country")), *countries()])
        kwargs.setdefault("widget", forms.Select(attrs={"autocomplete": "country"}))
        super().__init__(**kwargs)


class StoryField(forms.CharField):
    """Long text in Markdown, at most `max_length` characters (20,000 unless told).

    A browser sends two characters for the end of a line and counts one, so they are made one before they are counted.
    """

    def __init__(self, *, rows: int = 8, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20_000)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class LinesField(forms.CharField):
    """Lines that follow a pattern, such as one code each: never free text. What reads them is the form's own `clean`."""

    def __init__(self, *, rows: int = 6, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "autocapitalize": "off"}))
        super().__init__(**kwargs)


__all__ = [
    "AmountField",
    "Confirm",
    "CountryField",
    "DateField",
    "DaysField",
    "Form",
    "FormMixin",
    "LinesField",
    "ModelForm",
    "Renderer",
    "StoryField",
    "countries",
    "country_name",
]
