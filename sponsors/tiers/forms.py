from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.funds.models import Project
from funding.money import Money
from funding.web.forms import AmountField, Form
from sponsors.tiers.models import Interval, Tier


class TierForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("Such as Company seat."))
    amount = AmountField(label=gettext_lazy("Price"), help_text=gettext_lazy("What the sponsor pays, before fees."))
    interval = forms.ChoiceField(label=gettext_lazy("Paid"), choices=Interval.choices, widget=forms.RadioSelect, initial=Interval.MONTH)
    audience = forms.ChoiceField(
        label=gettext_lazy("For"), choices=Tier.Audience.choices, widget=forms.RadioSelect, initial=Tier.Audience.ANYONE
    )
    description = forms.CharField(label=gettext_lazy("In one sentence"), max_length=200, required=False)
    benefits = forms.CharField(
        label=gettext_lazy("What comes with it"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One line each, at most four. Sponsors buy time; they do not choose the work."),
    )
    position = forms.IntegerField(
        label=gettext_lazy("Position"),
        min_value=0,
        max_value=99,
        initial=0,
        help_text=gettext_lazy("Lower numbers come first; the same number goes by price."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = project.rate_currency
        self.fields["amount"].label = _("Price, {currency}").format(currency=self.currency)

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.currency)


class PublishForm(Form):
    """The version that was read on the confirm page goes back with the press."""

    version = forms.IntegerField(widget=forms.HiddenInput)
