from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.api.permissions import READ, SCOPES
from funding.site.api.services import DAYS
from funding.web.forms import Form

WORDS = {7: gettext_lazy("7 days"), 30: gettext_lazy("30 days"), 90: gettext_lazy("90 days"), 365: gettext_lazy("One year")}


def scopes() -> list[tuple[str, str]]:
    return [(scope, f"{_(words)} ({scope})") for scope, words in SCOPES.items()]


class TokenForm(Form):
    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=60,
        help_text=gettext_lazy("Such as “log days from my laptop”."),
        error_messages={"required": gettext_lazy("Name the token, so that you know it again.")},
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=scopes,
        widget=forms.CheckboxSelectMultiple,
        initial=[READ],
        help_text=gettext_lazy("Never more than you may do yourself."),
        error_messages={"required": gettext_lazy("Choose at least one of the scopes.")},
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("How long it lasts"),
        coerce=int,
        choices=[(days, WORDS[days]) for days in DAYS],
        widget=forms.RadioSelect,
        initial=30,
    )
