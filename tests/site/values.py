"""What nobody should be able to save, by the kind of field that it is typed into."""

from __future__ import annotations

from collections.abc import Iterator

from django import forms

from funding.web.forms import AmountField, DateField, DaysField, LinesField

NUMBERS = ["NaN", "sNaN", "-Infinity", "1e5", "1e999999", "ten", "7\x00", "1_000", "9" * 5000]
AMOUNTS = ["-5", "0", "0.00", f"{10**30}", "9999999999999999.00", "99999999.00", "0.001", "12,50", "$12", *NUMBERS]
DAYS = ["0.3", "-1", "0", "10000", "4.50000000000000000000000000000000001", "½", *NUMBERS]
DATES = [
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2026-02-30",
    "14.10.2026",
    "tomorrow",
    "2026-10-14\x00",
    "2026-10-14T00:00",
    "-2026-01-01",
]
TIMES = ["24:00", "18", "6 pm", "18:60", "18:00:61", "-1:00", "18:00\x00", "9" * 5000]
FRACTIONS = ["-1", "50.01", "0.001", f"{10**30}", *NUMBERS]
WHOLE = ["-1", f"{10**30}", "2.5", *NUMBERS]
GROWS = "a@" + ".".join(["\u0130" * 20] * 8) + ".com"
"""173 characters, and 333 once it is written in small letters."""
ADDRESSES = [GROWS, "nobody", "a@b", "a@example.org\nBcc: all@example.org", "a@example.org\x00", "a b@example.org",
             f"{'a' * 300}@example.org"]  # fmt: skip
LINKS = ["javascript:alert(1)", "JaVaScRiPt://example.org/%0aalert(1)", "data:text/html,<script>alert(1)</script>", "ftp://example.org/x",
         "https://", "https://[::1", "https://exa mple.org/", "https://example.org/\x00", f"https://example.org/{'a' * 600}"]  # fmt: skip
SLUGS = ["two words", "ümlaut", "a/b", "../x", "a\x00b", "a\nb", "سلام", "x" * 300]
LINES = ["a\x00b", "Eve\r\nBcc: all@example.org", "Eve\nSubject: paid", "left\u202eright", "bell\x07"]
EMPTY = "\u200b\u2060"
CHOICES = ["", "nothing-of-this", "NaN", "\x00", f"{10**30}", "-1", "1' OR '1'='1"]
LONG = "x" * 2_000_000

SCRIPTS = 'Zoë e\u0301 🙂👩\u200d👩\u200d👧 سلام עולם 日本 <script>alert(1)</script> "onfocus=alert(2) {{ 7 }} %s'
"""Written by people in many scripts, and by somebody who tries to leave the field that it stands in."""
MARKDOWN = "[press](javascript:alert(1)) ![x](https://elsewhere.example/x.png) <img src=x onerror=alert(3)>"


def is_line(field: forms.Field) -> bool:
    """Free text on one line."""
    return type(field) is forms.CharField and not isinstance(field.widget, forms.Textarea | forms.HiddenInput)


def is_text(field: forms.Field) -> bool:
    """Free text on many lines."""
    return isinstance(field, forms.CharField) and isinstance(field.widget, forms.Textarea) and not isinstance(field, LinesField)


def needed(field: forms.Field) -> bool:
    """Whether leaving it empty is a mistake; a draft may leave open what is needed in the end."""
    try:
        field.clean("")
    except forms.ValidationError:
        return True
    return False


def bad(name: str, field: forms.Field) -> Iterator[str | list[str]]:
    """Values that this field must not take. A kind of field that is not known here is an error, so that it is thought about."""
    if isinstance(field, forms.UUIDField):
        yield from ("not-a-token", "\x00")
    elif isinstance(field, AmountField):
        yield from AMOUNTS
    elif isinstance(field, DaysField):
        yield from DAYS
    elif isinstance(field, DateField):
        yield from DATES
    elif isinstance(field, forms.TimeField):
        yield from TIMES
    elif isinstance(field, forms.EmailField):
        yield from ADDRESSES
    elif isinstance(field, forms.URLField):
        yield from LINKS
    elif isinstance(field, forms.SlugField):
        yield from SLUGS
    elif isinstance(field, forms.DecimalField | forms.IntegerField):
        yield from FRACTIONS if isinstance(field, forms.DecimalField) else WHOLE
    elif isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
        yield from ([choice] for choice in CHOICES if choice or field.required)
        yield []
    elif isinstance(field, forms.ChoiceField):
        yield from (choice for choice in CHOICES if choice)
    elif isinstance(field, forms.BooleanField):
        yield from ()  # ticked or not: there is no third answer
    elif isinstance(field, forms.CharField):
        yield from _texts(name, field)
    elif type(field) is forms.BooleanField:
        return  # a box is ticked or not: whatever is sent is one of the two
    else:
        raise NotImplementedError(f"No bad values are written down for {name}, a {type(field).__name__}.")


def _texts(name: str, field: forms.CharField) -> Iterator[str]:
    yield "a\x00b"
    if isinstance(field.widget, forms.HiddenInput):
        yield "\u202e"
        return
    assert field.max_length, f"{name} takes text without end"
    yield "x" * (field.max_length + 1)
    if is_line(field):
        yield from LINES
    yield EMPTY
    if needed(field):
        yield "   "
