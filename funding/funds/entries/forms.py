from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.funds import services
from funding.funds.flows import AWARD_FUND
from funding.funds.forms import FundChoice
from funding.funds.models import Fund, Voucher
from funding.ledger.models import Account, Transfer
from funding.ledger.selectors import balances
from funding.money import Money
from funding.web.forms import AmountField, DateField, Form, StoryField

HINT = gettext_lazy("What it is, and where the evidence is. Read at the desk only; the books have no words.")
PLACES = [(Voucher.Place.BANK, gettext_lazy("In the bank")), (Voucher.Place.PROCESSOR, gettext_lazy("At the processor"))]


class VoucherForm(Form):
    """What every paper says. `funds` are those to choose from; `held` the vouchers whose money is held."""

    reason = StoryField(label=gettext_lazy("What it is"), rows=3, max_length=300, help_text=HINT)
    chosen = ("fund", "taker")

    def __init__(self, *args: Any, funds: Iterable[Fund], held: Iterable[Voucher], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(funds)
        self.funds = {str(fund.pk): fund for fund in known}
        self.held = {str(it.pk): it for it in held}
        for name in self.chosen:
            if isinstance(field := self.fields.get(name), FundChoice):
                field.offer(known)
        if "currency" in self.fields:
            own = services.host().currency
            self.fields["currency"].choices = [(code, code) for code in sorted({own, *(fund.currency for fund in known)})]
            self.fields["currency"].initial = own
        if "held" in self.fields:
            self.fields["held"].choices = [("", _("Choose one")), *((str(it.pk), f"{it.ref}: {it.money}") for it in self.held.values())]

    def currency_of(self, name: str) -> str:
        """In which currency a sum is meant: what the form says, or that of the fund it comes from."""
        data = self.cleaned_data
        if "held" in data:
            return self.held[data["held"]].currency
        if name == "into":
            return self.funds[data["taker"]].currency
        return str(data["currency"]) if "currency" in self.fields else self.funds[data["fund"]].currency

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("amount", "into", "tax"):
            if data.get(name):
                try:
                    data[name] = AmountField.money(data[name], self.currency_of(name))
                except forms.ValidationError as error:
                    self.add_error(name, error)
                except KeyError:
                    data.pop(name)
        return data

    @property
    def terms(self) -> dict[str, Any]:
        """What the service takes. Call it once the form is valid."""
        data = dict(self.cleaned_data)
        for name in ("once", "currency"):
            data.pop(name, None)
        for name in self.chosen:
            if name in data:
                data[name] = self.funds[data[name]]
        if "held" in data:
            data["held"] = self.held[data["held"]]
        return data


class FactForm(VoucherForm):
    """One line of a bank's statement, or of the processor's."""

    amount = AmountField(label=gettext_lazy("Sum"))
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=[])
    on = DateField(label=gettext_lazy("Day"), help_text=gettext_lazy("As the statement says."))
    bank_reference = forms.CharField(
        label=gettext_lazy("Reference"), max_length=140, help_text=gettext_lazy("As the statement says; the same one is booked once.")
    )
    field_order = ("amount", "currency", "on", "bank_reference", "reason")


class FeeForm(FactForm):
    """A fee that somebody took out of the account that has the money. One that is more than the books have there is a slip of the pen,
    or comes before what is not booked yet; the verb itself refuses no fact."""

    place = Voucher.Place.BANK

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if isinstance(amount := data.get("amount"), Money):
            account = Account.objects.filter(code=f"cash:{self.place}:{amount.currency}").first()
            there = balances([account])[account.pk].amount if account else Money.zero(amount.currency)
            if amount > there:
                self.add_error("amount", _("The books have {there} there. Book first what is missing.").format(there=there))
        return data


class ProcessorFeeForm(FeeForm):
    place = Voucher.Place.PROCESSOR


class HeldForm(VoucherForm):
    held = forms.ChoiceField(label=gettext_lazy("Held money"), choices=[])


class MatchForm(HeldForm):
    fund = FundChoice(gettext_lazy("For"))
    payer = forms.CharField(label=gettext_lazy("Who paid"), max_length=200, help_text=gettext_lazy("Only the desk reads it."))
    tax = AmountField(
        label=gettext_lazy("Tax in it"), required=False, help_text=gettext_lazy("What of it belongs to a tax authority. Empty for none.")
    )
    field_order = ("held", "payer", "fund", "tax", "reason")

    @property
    def terms(self) -> dict[str, Any]:
        data = super().terms
        data["receipt"], data["tax"] = data.pop("held"), data["tax"] or None
        return data


class PaidOffForm(HeldForm):
    on = DateField(label=gettext_lazy("Day"), help_text=gettext_lazy("As the statement says."))
    bank_reference = forms.CharField(label=gettext_lazy("Reference"), max_length=140, help_text=gettext_lazy("As the statement says."))
    field_order = ("held", "on", "bank_reference", "reason")


class OpeningForm(VoucherForm):
    amount = AmountField(label=gettext_lazy("Sum"))
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=[])
    place = forms.ChoiceField(label=gettext_lazy("Where it lies"), choices=PLACES)
    whose = forms.ChoiceField(label=gettext_lazy("What it is for"), choices=[])
    on = DateField(label=gettext_lazy("Day"), help_text=gettext_lazy("The day on which these books begin."))
    field_order = ("amount", "currency", "place", "whose", "on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owed = [(f"owed-{value}", label) for value, label in Voucher.Owed.choices]
        self.fields["whose"].choices = [("", _("Choose one")), *((pk, fund.name) for pk, fund in self.funds.items()), *owed]

    @property
    def terms(self) -> dict[str, Any]:
        data = super().terms
        whose = data.pop("whose")
        return {**data, "fund": self.funds.get(whose), "owed": whose.removeprefix("owed-") if whose not in self.funds else ""}


class ConversionForm(VoucherForm):
    fund = FundChoice(gettext_lazy("From"))
    amount = AmountField(label=gettext_lazy("Sum"), help_text=gettext_lazy("In the currency of the fund that it comes from."))
    taker = FundChoice(gettext_lazy("To"))
    into = AmountField(label=gettext_lazy("What came of it"), help_text=gettext_lazy("In the currency of the fund that it goes to."))
    on = DateField(label=gettext_lazy("Day"), help_text=gettext_lazy("As the statement says."))
    bank_reference = forms.CharField(label=gettext_lazy("Reference"), max_length=140, help_text=gettext_lazy("As the statement says."))
    field_order = ("fund", "amount", "taker", "into", "on", "bank_reference", "reason")


class BetweenForm(VoucherForm):
    fund = FundChoice(gettext_lazy("From"))
    taker = FundChoice(gettext_lazy("To"))
    amount = AmountField(label=gettext_lazy("Sum"), help_text=gettext_lazy("In the currency of the fund that it comes from."))
    field_order = ("fund", "taker", "amount", "reason")


class MatchingForm(BetweenForm):
    @property
    def terms(self) -> dict[str, Any]:
        data = super().terms
        return {"cap": data.pop("amount"), **data}


class MatchingEndForm(HeldForm):
    held = forms.ChoiceField(label=gettext_lazy("Promise"), choices=[])
    field_order = ("held", "reason")


class BridgeForm(VoucherForm):
    fund = FundChoice(gettext_lazy("Award"))
    amount = AmountField(label=gettext_lazy("Sum"), help_text=gettext_lazy("In the currency of the award."))
    field_order = ("fund", "amount", "reason")

    def __init__(self, *args: Any, funds: Iterable[Fund], **kwargs: Any) -> None:
        super().__init__(*args, funds=[fund for fund in funds if fund.slug.startswith(AWARD_FUND)], **kwargs)


class WrongFundForm(VoucherForm):
    entry = forms.IntegerField(
        label=gettext_lazy("Entry"), min_value=1, max_value=2**31 - 1, help_text=gettext_lazy("The number of the entry in the books.")
    )
    wrong = FundChoice(gettext_lazy("The wrong fund"))
    fund = FundChoice(gettext_lazy("The right fund"))
    field_order = ("entry", "wrong", "fund", "reason")
    chosen = ("fund", "wrong")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "entry" in data and "wrong" in data:
            found = Transfer.objects.filter(entry=data["entry"], credit_account=self.funds[data["wrong"]].account_id)
            if len(found) != 1:
                self.add_error("entry", _("That entry brought nothing to that fund."))
            else:
                data["line"] = found[0]
        return data

    @property
    def terms(self) -> dict[str, Any]:
        data = super().terms
        return {"fund": data["fund"], "line": data["line"], "reason": data["reason"]}
