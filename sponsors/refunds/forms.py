from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.money import Money
from funding.web.forms import AmountField, Form, StoryField
from sponsors.refunds.models import Refund


class AskForm(Form):
    """How much of a payment goes back, and why. `left` is what still can."""

    amount = AmountField(label=gettext_lazy("Sum to refund"))
    category = forms.ChoiceField(
        label=gettext_lazy("Kind of reason"),
        choices=Refund.Category.choices,
        help_text=gettext_lazy("The processor is told. “The card was stolen” also blocks the card there."),
    )
    reason = StoryField(
        label=gettext_lazy("Why"),
        rows=3,
        max_length=500,
        help_text=gettext_lazy("For the other treasurers and the auditors. The sponsor does not read it."),
    )
    stop = forms.BooleanField(label=gettext_lazy("Stop the sponsorship too, so that the card is not charged again"), required=False)

    def __init__(self, *args: Any, left: Money, recurring: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = left
        self.fields["amount"].help_text = _("At most {left}.").format(left=left)
        if not recurring:
            del self.fields["stop"]

    def clean_amount(self) -> Money:
        return AmountField.money(self.cleaned_data["amount"], self.left.currency)


class ApproveForm(Form):
    """Carries the sum of other money that the approver read."""

    from_others = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**15)


class DeclineForm(Form):
    reason = StoryField(label=gettext_lazy("Why it is not made"), rows=3, max_length=300)


class FindForm(forms.Form):
    payment = forms.CharField(max_length=20)
