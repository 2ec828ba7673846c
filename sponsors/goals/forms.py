from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.errors import Invalid
from funding.funds import needs
from funding.funds.models import Need, Project
from funding.money import Money
from funding.people.models import Party
from funding.web.forms import AmountField, CountryField, DateField, DaysField, Form, StoryField
from sponsors.billing.forms import KINDS, LONGEST_EMAIL, NAMING, NO_COUNTRY
from sponsors.goals.models import Goal
from sponsors.goals.services.writing import Terms, instant
from sponsors.sponsorships import naming


@lru_cache
def zones() -> list[tuple[str, str]]:
    """Zones that are named after places, and UTC first."""
    found = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "Canada/")))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in found)]


class TimeField(forms.TimeField):
    """A time of the day, written 18:00."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.TimeInput(attrs={"class": "short", "autocomplete": "off", "inputmode": "numeric"}, format="%H:%M")
        )
        kwargs.setdefault("input_formats", ["%H:%M"])
        kwargs.setdefault("error_messages", {"invalid": gettext_lazy("Enter a time as hours:minutes, such as 18:00.")})
        super().__init__(**kwargs)


class GoalForm(Form):
    """What a maintainer asks for. Everything can be changed until it is published."""

    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=50,
        help_text=gettext_lazy("Lower-case letters, digits and hyphens. It stands behind /goals/."),
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=60, help_text=gettext_lazy("What will exist, in a few words."))
    summary = forms.CharField(label=gettext_lazy("In one sentence"), max_length=200)
    story = StoryField(
        label=gettext_lazy("Story"), rows=12, required=False, help_text=gettext_lazy("Why it matters and what will exist. Markdown.")
    )
    need = forms.ModelChoiceField(
        label=gettext_lazy("Raised for"),
        queryset=Need.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nothing in particular: the committee decides later"),
    )
    half_days = DaysField(label=gettext_lazy("Days that the work takes"))
    rate = AmountField(label=gettext_lazy("Day rate"))
    minimum = AmountField(
        label=gettext_lazy("Minimum"), help_text=gettext_lazy("The sum of pledges, before fees, without which the work cannot begin.")
    )
    rule = forms.ChoiceField(
        label=gettext_lazy("At the deadline"), choices=Goal.Rule.choices, widget=forms.RadioSelect, initial=Goal.Rule.ALL
    )
    day = DateField(
        label=gettext_lazy("Deadline, day"),
        help_text=gettext_lazy("The deadline is the first moment at which nobody can pledge any more."),
    )
    time = TimeField(label=gettext_lazy("Deadline, time"), initial=dt.time(18), help_text=gettext_lazy("Hours:minutes, such as 18:00."))
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zones, initial=lambda: settings.TIME_ZONE)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    field_order = ["title", "slug", "summary", "story", "need"]

    def __init__(self, *args: Any, project: Project, goal: Goal | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = project.rate_currency
        self.fields["rate"].label = _("Day rate, {currency}").format(currency=self.currency)
        self.fields["minimum"].label = _("Minimum, {currency}").format(currency=self.currency)
        if goal is not None:
            del self.fields["slug"]
        own = Q(pk=goal.need_id) if goal is not None and goal.need_id else Q(pk=None)
        wanted = Need.objects.filter(Q(project=project, state=Need.State.WANTED, fund=None) | own)
        self.fields["need"].queryset = wanted
        if not wanted.exists():
            del self.fields["need"]
            return
        told = needs.describe(wanted)
        self.fields["need"].label_from_instance = lambda need: f"{told[need.about].text}, {need.price}"

    def clean_rate(self) -> Money:
        return AmountField.money(self.cleaned_data["rate"], self.currency)

    def clean_minimum(self) -> Money:
        return AmountField.money(self.cleaned_data["minimum"], self.currency)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if {"day", "time", "zone"} <= data.keys():
            try:
                data["deadline"] = instant(data["day"], data["time"], data["zone"])
            except Invalid as error:
                self.refuse(error)
        return data

    def terms(self) -> Terms:
        data = self.cleaned_data
        kept = ("title", "summary", "story", "half_days", "rate", "minimum", "rule", "deadline", "zone")
        return Terms(need=data.get("need"), **{name: data[name] for name in kept})


class PublishForm(Form):
    """The version that was read on the confirm page goes back with the press."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class CallOffForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        help_text=gettext_lazy("Everybody who pledged reads this, and it stands on the goal's page."),
    )


class AmountForm(Form):
    """A sum, and how the pledger is named."""

    amount = AmountField(
        label=gettext_lazy("Your pledge"), help_text=gettext_lazy("What your card is charged if the goal is reached, before fees.")
    )
    naming = forms.ChoiceField(
        label=gettext_lazy("How you are named in public"), choices=NAMING, widget=forms.RadioSelect, initial=naming.PUBLIC
    )
    public_name = forms.CharField(
        label=gettext_lazy("Public name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Left empty, the name on the receipt is used."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].label = _("Your pledge, {currency}").format(currency=currency)

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.currency)


class PledgeForm(AmountForm):
    """The same and who pledges. The card is entered on the processor's page."""

    kind = forms.ChoiceField(label=gettext_lazy("Who pledges"), choices=KINDS, widget=forms.RadioSelect, initial=Party.Kind.PERSON)
    name = forms.CharField(
        label=gettext_lazy("Name on the receipt"),
        max_length=200,
        help_text=gettext_lazy("For a company, its legal name. It is public too if you choose “By name” and leave the public name empty."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    country = CountryField(label=gettext_lazy("Country"), required=False, help_text=gettext_lazy("For companies: where it is registered."))
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=LONGEST_EMAIL,
        help_text=gettext_lazy("A link to change the pledge or withdraw goes here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ["amount", "kind", "name", "country", "email", "naming", "public_name"]

    def clean_email(self) -> str:
        """In small letters, of which some letters of a domain need more than one."""
        address = str(self.cleaned_data["email"]).lower()
        if len(address) > LONGEST_EMAIL:
            raise forms.ValidationError(_("This address is too long."))
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == Party.Kind.ORGANISATION and "country" not in self.errors and not data.get("country"):
            self.add_error("country", NO_COUNTRY)
        return data

    def details(self) -> dict[str, Any]:
        """What `goals.services.pledge` takes."""
        names = ("amount", "kind", "name", "email", "country", "naming", "public_name")
        return {name: self.cleaned_data[name] for name in names}
