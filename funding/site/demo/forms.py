from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from funding.site.demo import processor
from funding.site.demo.models import Person
from funding.web.forms import Form


class BecomeForm(forms.Form):
    """Nobody chosen means to look at the site without an account."""

    person = forms.ModelChoiceField(queryset=Person.objects.select_related("user"), required=False)
    next = forms.CharField(max_length=2000, required=False)


class AdvanceForm(forms.Form):
    step = forms.ChoiceField(choices=[("day", gettext_lazy("Next day")), ("month", gettext_lazy("Next month"))])
    next = forms.CharField(max_length=2000, required=False)


class BadDayForm(Form):
    kind = forms.ChoiceField(label=gettext_lazy("What happens"), choices=[(day.kind, day.label) for day in processor.BAD_DAYS.values()])
    about = forms.ChoiceField(
        label=gettext_lazy("To which requests"),
        choices=processor.ABOUT,
        required=False,
        help_text=gettext_lazy("News is not chosen apart: it is all or none."),
    )
    times = forms.ChoiceField(label=gettext_lazy("How often"), choices=processor.TIMES)


class StartForm(Form):
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=100)
    email = forms.EmailField(label=gettext_lazy("Your e-mail address"), max_length=254, help_text=gettext_lazy("No mail leaves this demo."))


class MailSearch(forms.Form):
    """Read from the address, so that a search is a link."""

    to = forms.CharField(label=gettext_lazy("To"), max_length=254, required=False)
    words = forms.CharField(label=gettext_lazy("Subject or text"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)


class EndForm(forms.Form):
    """No number ends all of them."""

    number = forms.IntegerField(min_value=1, max_value=10**9, required=False)
