from __future__ import annotations

from django import forms

from funding.site.demo.models import Person


class BecomeForm(forms.Form):
    """Nobody chosen means to look at the site without an account."""

    person = forms.ModelChoiceField(queryset=Person.objects.select_related("user"), required=False)
    next = forms.CharField(max_length=2000, required=False)


class AdvanceForm(forms.Form):
    step = forms.ChoiceField(choices=[("day", "Next day"), ("month", "Next month")])
    next = forms.CharField(max_length=2000, required=False)
