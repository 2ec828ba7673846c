from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding import days
from funding.errors import Invalid
from funding.web.forms import AmountField, DateField, Form


class RateForm(Form):
    amount = AmountField(
        label=gettext_lazy("Day rate"), help_text=gettext_lazy("For one full day. It must be possible to halve it exactly.")
    )
    effective_from = DateField(label=gettext_lazy("From"), help_text=gettext_lazy("Days worked before this date keep the earlier rate."))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].label = _("Day rate in {currency}").format(currency=currency)

    def clean_amount(self) -> Any:
        try:
            return days.check_rate(AmountField.money(self.cleaned_data["amount"], self.currency))
        except Invalid as error:
            raise forms.ValidationError(error.message) from error

    def refuse(self, error: Invalid) -> None:
        error.field = "amount" if error.field in {"rate", "currency"} else error.field
        super().refuse(error)


class DeclineForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, help_text=gettext_lazy("They read it."), widget=forms.Textarea(attrs={"rows": 3})
    )
