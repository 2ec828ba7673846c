from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from funding.errors import Invalid
from funding.money import Money
from funding.web.forms import AmountField, Confirm, CountryField, DateField, Form


class PrepareForm(Form):
    """Which approved work goes into a run."""

    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        error_messages={"invalid_choice": gettext_lazy("Nothing is approved and unpaid in this currency. Look at the list again.")},
    )
    up_to = DateField(label=gettext_lazy("Work up to and including"), help_text=gettext_lazy("Later days wait for the next run."))

    def __init__(self, *args: Any, currencies: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(code, code) for code in currencies]
        if len(currencies) == 1:
            self.fields["currency"].widget = forms.HiddenInput()
            self.fields["currency"].initial = currencies[0]


class ReleaseForm(Confirm):
    """Carries the sums that the treasurer read, in minor units, so that a run that changed since cannot be released by mistake."""

    control_total = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    withheld = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class AccountForm(Form):
    country = CountryField(label=gettext_lazy("Country in which the account is kept"))


class WithholdForm(Form):
    amount = AmountField(label=gettext_lazy("Sum to withhold"), help_text=gettext_lazy("0 withholds nothing any more."))
    reason = forms.CharField(
        label=gettext_lazy("By which rule of tax"),
        max_length=300,
        help_text=gettext_lazy("The payee and whoever releases the run read this."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> Money:
        try:
            return Money.parse(self.cleaned_data["amount"], self.currency)
        except Invalid as error:
            raise forms.ValidationError(error.message) from error


class DebtForm(Form):
    """Why a payout is given up; the payee and the worker read it."""

    reason = forms.CharField(
        label=gettext_lazy("Why it cannot be paid"), max_length=300, help_text=gettext_lazy("The payee and the worker read this.")
    )


class DebtDecisionForm(Form):
    AGREE, DECLINE = "agree", "decline"

    decision = forms.ChoiceField(
        label=gettext_lazy("Your decision"),
        widget=forms.RadioSelect,
        choices=[
            (AGREE, gettext_lazy("Cancel the debt: the money goes back into its funds")),
            (DECLINE, gettext_lazy("Decline: it stays owed and can be sent again")),
        ],
        error_messages={"required": gettext_lazy("Choose one of the two.")},
    )


class LiftForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("What you found out, and how"),
        max_length=300,
        help_text=gettext_lazy("For example: called them on the number from the contract."),
    )
