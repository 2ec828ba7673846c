from __future__ import annotations

from django import forms

from funding.api.permissions import READ, SCOPES
from funding.site.api.services import DAYS
from funding.web.forms import Form

WORDS = {7: "7 days", 30: "30 days", 90: "90 days", 365: "One year"}


class TokenForm(Form):
    name = forms.CharField(
        label="What it is for",
        max_length=60,
        help_text="Such as “log days from my laptop”.",
        error_messages={"required": "Name the token, so that you know it again."},
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, f"{words} ({scope})") for scope, words in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=[READ],
        help_text="Never more than you may do yourself.",
        error_messages={"required": "Choose at least one of the scopes."},
    )
    days = forms.TypedChoiceField(
        label="How long it lasts", coerce=int, choices=[(days, WORDS[days]) for days in DAYS], widget=forms.RadioSelect, initial=30
    )
